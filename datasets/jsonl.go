package datasets

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// maxLine bounds the memory that one line of a JSONL file can take. The longest paper
// of proof-pile has about 1.6 million tokens, a tenth of this in bytes.
const maxLine = 64 << 20

// parseProofPile reads one line of proof-pile, or of another collection with papers
// from arXiv. It returns the text and the part of the collection: proof-pile's config
// ("arxiv", "books", "formal", ...) or the name that [lineMeta] gives. Both forms of
// "meta" are read: the files on the hub have an object, and lines saved with the
// datasets library have that object as a JSON string.
func parseProofPile(line []byte, options ...json.Options) (text, config string, err error) {
	var record struct {
		Text   *string        `json:"text"`
		Meta   jsontext.Value `json:"meta"`
		Subset string         `json:"red_pajama_subset"`
	}
	if err := jsonread.Line(line, &record, options...); err != nil {
		return "", "", err
	}
	if record.Text == nil {
		return "", "", errors.New(`no "text"; ` + lineForm)
	}
	object := []byte(record.Meta)
	if bytes.HasPrefix(object, []byte{'"'}) {
		var quoted string
		if err := jsonread.Line(object, &quoted, options...); err != nil {
			return "", "", fmt.Errorf("meta: %w", err)
		}
		object = []byte(quoted)
	}
	var meta lineMeta
	if len(object) > 0 {
		if err := jsonread.Line(object, &meta, options...); err != nil {
			return "", "", fmt.Errorf("meta: %w", err)
		}
	}
	if config, err = meta.part(record.Subset); err != nil {
		return "", "", err
	}
	return *record.Text, config, nil
}
