package datasets

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/jsonread"
)

// maxLine bounds the memory one line of a JSONL file can take. The longest
// paper of proof-pile is near 1.6 million tokens, a tenth of this in bytes.
const maxLine = 64 << 20

// parseProofPile reads one line of proof-pile: its text, and its config, the part
// of proof-pile it belongs to ("arxiv", "books", "formal", ...). The files on the
// hub have an object under "meta"; the same lines saved through the datasets
// library have that object as a JSON string, so both are read.
func parseProofPile(line []byte, options ...json.Options) (text, config string, err error) {
	var record struct {
		Text *string        `json:"text"`
		Meta jsontext.Value `json:"meta"`
	}
	if err := jsonread.Line(line, &record, options...); err != nil {
		return "", "", err
	}
	if record.Text == nil {
		return "", "", errors.New(`no "text"; a line is {"text": ..., "meta": {"config": ...}}`)
	}
	object := []byte(record.Meta)
	if bytes.HasPrefix(object, []byte{'"'}) {
		var quoted string
		if err := jsonread.Line(object, &quoted, options...); err != nil {
			return "", "", fmt.Errorf("meta: %w", err)
		}
		object = []byte(quoted)
	}
	var meta struct {
		Config string `json:"config"`
	}
	if len(object) > 0 {
		if err := jsonread.Line(object, &meta, options...); err != nil {
			return "", "", fmt.Errorf("meta: %w", err)
		}
	}
	if meta.Config == "" {
		return "", "", errors.New(`no "config" in "meta"; a line is {"text": ..., "meta": {"config": ...}}`)
	}
	return *record.Text, meta.Config, nil
}
