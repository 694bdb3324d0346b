// Package jsonread is the only place where the program reads JSON supplied by a user, a
// disk or a server. It is stricter than encoding/json, which silently changes text: an
// escaped lone surrogate or a byte that is not UTF-8 becomes U+FFFD, keys match in any
// case, and the last of two equal keys wins. Here each of these is an error (RFC 8259,
// sections 4 and 8; RFC 7493, sections 2.1 and 2.3).
package jsonread

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/textfile"
)

var (
	// Exact rejects keys without a matching field in the Go value, and null in place of
	// a number, which would otherwise be read as zero.
	Exact = json.JoinOptions(json.RejectUnknownMembers(true), json.WithUnmarshalers(json.JoinUnmarshalers(
		notNull[float64](), notNull[float32](), notNull[int](), notNull[int32](), notNull[int64](),
	)))
	// AnyText replaces invalid text by U+FFFD. Use it only for a first look at a record
	// whose text is read again, strictly, before it is used.
	AnyText = jsontext.AllowInvalidUTF8(true)
)

// notNull rejects null for a number and leaves everything else to the default.
func notNull[T any]() *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ *T) error {
		if d.PeekKind() == 'n' {
			return errNull
		}
		return errors.ErrUnsupported
	})
}

var errNull = errors.New("null is not a number")

// Document reads a whole file: one JSON value, with or without a byte-order mark.
// Errors name line, column and key.
func Document(data []byte, v any, options ...json.Options) error {
	data, err := textfile.Strip(data)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v, options...); err != nil {
		return explain(data, err, true)
	}
	return nil
}

// Line reads one value whose position the caller knows, such as a line of a JSON Lines
// file. Errors name column and key.
func Line(data []byte, v any, options ...json.Options) error {
	if err := json.Unmarshal(data, v, options...); err != nil {
		return explain(data, err, false)
	}
	return nil
}
