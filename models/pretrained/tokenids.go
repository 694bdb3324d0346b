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

// readGeneration finds the ids that begin and end a text. Those of generation_config.json
// come before those of config.json.
func (f *Folder) readGeneration(raw *rawConfig) error {
	begin, ends, where := raw.Begin, raw.End, configFile
	text, err := f.optional(generationFile)
	if err != nil {
		return err
	}
	if text != nil {
		var g struct {
			Begin tokenIDs `json:"bos_token_id"`
			End   tokenIDs `json:"eos_token_id"`
		}
		if err := jsonread.Document(text, &g); err != nil {
			return fmt.Errorf("%s: %w", generationFile, err)
		}
		if len(g.Begin) > 0 {
			begin = g.Begin
		}
		if len(g.End) > 0 {
			ends, where = g.End, generationFile
		}
		f.source.Generation = text
	}
	if len(begin) > 0 {
		f.Begin = begin[0]
	}
	if int(f.Begin) >= f.Config.Vocabulary || f.Begin < none {
		return fmt.Errorf("bos_token_id is %d, outside the vocabulary of %d", f.Begin, f.Config.Vocabulary)
	}
	for _, id := range ends {
		if id == none {
			continue
		}
		if id < 0 || int(id) >= f.Config.Vocabulary {
			return fmt.Errorf("%s: eos_token_id is %d, outside the vocabulary of %d", where, id, f.Config.Vocabulary)
		}
		if !slices.Contains(f.Ends, id) {
			f.Ends = append(f.Ends, id)
		}
	}
	return nil
}

// optional reads a file that need not be there.
func (f *Folder) optional(name string) ([]byte, error) {
	data, err := f.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
