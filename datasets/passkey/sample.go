package passkey

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Class is the role of a token in a sample.
type Class uint8

const (
	ClassFiller   Class = iota
	ClassTask           // the lines that announce the question
	ClassNeedle         // the sentences that hold the key
	ClassQuestion       // including its final space
	ClassAnswer         // a digit the model must predict
)

// String returns the name of the class in result files.
func (c Class) String() string {
	switch c {
	case ClassFiller:
		return "filler"
	case ClassTask:
		return "task"
	case ClassNeedle:
		return "needle"
	case ClassQuestion:
		return "question"
	case ClassAnswer:
		return "answer"
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Span is a range of consecutive tokens.
type Span struct {
	First int `json:"first"`
	Last  int `json:"last"` // inclusive
}

// Asked is one question and the answer after it.
type Asked struct {
	Question Span `json:"question"`
	Answer   Span `json:"answer"`
}

// Sample is a prompt and its answer.
type Sample struct {
	Tokenizer string // its name
	Filler    string // "sentences", or "books-" and a hash of their tokens
	Period    int    // tokens after which the filler repeats itself
	Prompt    Prompt // what was asked for

	IDs       []int32 // Prompt.Length tokens of the prompt, then the Digits of the answer
	Classes   []Class // of each token of IDs
	Needle    Span
	Named     [2]Span // the digits of the needle, which names the key twice
	Questions []Asked // in order; the last one ends IDs
}

// Answer returns the ids that a model must predict after reading IDs[:Prompt.Length].
func (s *Sample) Answer() []int32 { return s.IDs[s.Prompt.Length:] }

// Targets returns what a model that reads IDs must predict and the weight of each
// prediction: for each token, the next one. A digit of an answer has the weight answer,
// 20 in our recipe; everything else has 1. The digits of the second occurrence of the
// key in the needle are weighted like an answer, because the first occurrence
// determines them. The last token has no target: weight 0.
func (s *Sample) Targets(answer float32) (ids []int32, weights []float32) {
	ids, weights = make([]int32, len(s.IDs)), make([]float32, len(s.IDs))
	copy(ids, s.IDs[1:])
	for i, class := range s.Classes[1:] {
		weights[i] = 1
		if again := s.Named[1]; class == ClassAnswer || again.First <= i+1 && i+1 <= again.Last {
			weights[i] = answer
		}
	}
	return ids, weights
}

// PureFiller returns, for each segment of n tokens, whether all of it is filler; the
// last segment may be shorter.
func (s *Sample) PureFiller(n int) []bool {
	pure := make([]bool, (len(s.Classes)+n-1)/n)
	for i := range pure {
		pure[i] = true
	}
	for i, class := range s.Classes {
		if class != ClassFiller {
			pure[i/n] = false
		}
	}
	return pure
}

// Hash is the SHA-256 of the prompt's ids, each as four little-endian bytes.
func (s *Sample) Hash() string {
	return fmt.Sprintf("%x", sha256.Sum256(littleEndian(s.IDs[:s.Prompt.Length])))
}

func littleEndian(ids []int32) []byte {
	data := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		data = binary.LittleEndian.AppendUint32(data, uint32(id))
	}
	return data
}

// Record is a sample as stored in result files: enough to recreate it and to check that
// the result is the same.
type Record struct {
	Tokenizer  string  `json:"tokenizer"`
	Filler     string  `json:"filler"`
	Period     int     `json:"filler_period"` // tokens
	FillerSeed uint64  `json:"filler_seed"`
	Length     int     `json:"length"`
	Depth      float64 `json:"depth"`
	Key        Key     `json:"key"`
	Needle     Span    `json:"needle"`
	Questions  []Asked `json:"questions"`
	Answer     []int32 `json:"answer_ids"`
	Hash       string  `json:"prompt_sha256"`
}

// Record describes the sample.
func (s *Sample) Record() Record {
	return Record{
		Tokenizer: s.Tokenizer, Filler: s.Filler, Period: s.Period, FillerSeed: s.Prompt.FillerSeed, Length: s.Prompt.Length,
		Depth: s.Prompt.Depth, Key: s.Prompt.Key, Needle: s.Needle, Questions: s.Questions, Answer: s.Answer(), Hash: s.Hash(),
	}
}

// add appends tokens of one class.
func (s *Sample) add(class Class, ids []int32) Span {
	span := Span{len(s.IDs), len(s.IDs) + len(ids) - 1}
	s.IDs = append(s.IDs, ids...)
	for range ids {
		s.Classes = append(s.Classes, class)
	}
	return span
}

// fill appends filler up to token number until.
func (s *Sample) fill(from *fillerReader, until int) {
	s.IDs = from.append(s.IDs, until-len(s.IDs))
	for len(s.Classes) < until {
		s.Classes = append(s.Classes, ClassFiller)
	}
}
