package pretrained

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// none is the absence of a token.
const none = -1

// tokenIDs is a field of ids: a number, a list of numbers, or null.
type tokenIDs []int32

func (t *tokenIDs) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '[':
		return json.UnmarshalDecode(d, (*[]int32)(t))
	case 'n':
		*t = nil
		return d.SkipValue()
	}
	var id int32
	if err := json.UnmarshalDecode(d, &id); err != nil {
		return err
	}
	*t = tokenIDs{id}
	return nil
}

// text is the ids as JSON has them, or nil.
func (t tokenIDs) text() any {
	switch len(t) {
	case 0:
		return nil
	case 1:
		return t[0]
	}
	return t
}

// readGeneration finds the ids that begin and end a text.
func (f *Folder) readGeneration(raw *rawConfig) (err error) {
	if f.source.Generation, err = f.optional(generationFile); err != nil {
		return err
	}
	begin, ends, where, err := f.source.textEnds(raw.Begin, raw.End)
	if err != nil {
		return err
	}
	if len(begin) > 0 {
		f.Begin = begin[0]
	}
	if int(f.Begin) >= f.Config.Vocabulary || f.Begin < none {
		return fmt.Errorf("bos_token_id is %d, outside the vocabulary of %d", f.Begin, f.Config.Vocabulary)
	}
	for _, id := range ends {
		if id < 0 || int(id) >= f.Config.Vocabulary {
			return fmt.Errorf("%s: eos_token_id is %d, outside the vocabulary of %d", where, id, f.Config.Vocabulary)
		}
	}
	f.Ends = ends
	return nil
}

// textEnds returns the ids that begin and end a text, and the file that sets the latter.
// generation_config.json overrides config.json, whose ids are the arguments.
func (s *Source) textEnds(begin, end tokenIDs) (begins, ends []int32, where string, err error) {
	where = configFile
	if s.Generation != nil {
		var g struct {
			Begin tokenIDs `json:"bos_token_id"`
			End   tokenIDs `json:"eos_token_id"`
		}
		if err := jsonread.Document(s.Generation, &g); err != nil {
			return nil, nil, "", fmt.Errorf("%s: %w", generationFile, err)
		}
		if len(g.Begin) > 0 {
			begin = g.Begin
		}
		if len(g.End) > 0 {
			end, where = g.End, generationFile
		}
	}
	for _, id := range end {
		if id != none && !slices.Contains(ends, id) {
			ends = append(ends, id)
		}
	}
	return begin, ends, where, nil
}

// Ends is the ids that end a text of the model; none if it was not read from a folder.
func (s *Source) Ends() ([]int32, error) {
	if s.Config == nil {
		return nil, nil
	}
	var c struct {
		End tokenIDs `json:"eos_token_id"`
	}
	if err := jsonread.Document(s.Config, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	_, ends, _, err := s.textEnds(nil, c.End)
	return ends, err
}

// optional reads a file that need not be there.
func (f *Folder) optional(name string) ([]byte, error) {
	data, err := f.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
