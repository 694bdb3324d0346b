package tokenizer

import (
	"fmt"
	"io"
	"os"
	"strings"

	"infinibench/internal/jsonread"
	"infinibench/internal/textfile"
)

const endOfText = "<|endoftext|>"

// LoadGPT2 reads a byte-level BPE in the form of OpenAI's GPT-2 release:
// encoder.json is the vocabulary, vocab.bpe has one merge per line. The token
// <|endoftext|> is special.
func LoadGPT2(encoderJSON, vocabBPE string) (*BPE, error) {
	encoder, err := readFile(encoderJSON)
	if err != nil {
		return nil, err
	}
	var vocab map[string]int32
	if err := jsonread.Document(encoder, &vocab); err != nil {
		return nil, fmt.Errorf("%s: want an object of tokens and their ids: %w", encoderJSON, err)
	}
	lines, err := readFile(vocabBPE)
	if err != nil {
		return nil, err
	}
	lines, err = textfile.Strip(lines)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vocabBPE, err)
	}
	rules, err := parseMerges(string(lines))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vocabBPE, err)
	}
	var special []string
	if _, ok := vocab[endOfText]; ok {
		special = []string{endOfText}
	}
	b, err := newBPE(vocab, special, rules)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", encoderJSON, vocabBPE, err)
	}
	return b, nil
}

// parseMerges reads vocab.bpe: a line with the version, then one merge per line. As in
// OpenAI's reader, any amount of white space may separate the two tokens, and lines
// without a merge are ignored. Unlike OpenAI's reader, and like the tokenizers library,
// it keeps a last line without a line end.
func parseMerges(text string) ([][2]string, error) {
	version, merges, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(version, "#version") {
		return nil, fmt.Errorf("line 1: want \"#version: ...\", got %.40q", version)
	}
	var rules [][2]string
	number := 1
	for line := range strings.Lines(merges) {
		number++
		switch tokens := strings.Fields(line); len(tokens) {
		case 0:
		case 2:
			rules = append(rules, [2]string(tokens))
		default:
			return nil, fmt.Errorf("line %d: want a merge, two tokens with a space between, got %.40q", number, strings.TrimRight(line, "\r\n"))
		}
	}
	return rules, nil
}

// parseRule reads "left right". The byte alphabet has no space, so this is unambiguous.
func parseRule(s string) ([2]string, error) {
	left, right, ok := strings.Cut(s, " ")
	if !ok || left == "" || right == "" || strings.Contains(right, " ") {
		return [2]string{}, fmt.Errorf("want a merge, two tokens with one space between, got %.40q", s)
	}
	return [2]string{left, right}, nil
}

// maxFile bounds the memory that a file can take. The largest in use, Gemma 3's with a
// quarter of a million tokens, takes half of it.
const maxFile = 64 << 20

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB, which no tokenizer file should be", path, maxFile>>20)
	}
	return data, nil
}
