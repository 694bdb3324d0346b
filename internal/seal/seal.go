// Package seal adds a checksum to a JSON object, as its last field. A flipped bit or a
// missing end is then noticed, and people and other programs can still read the file:
//
//	{"step":1,"loss":2.5,"sum":"73f06ffd962648e4"}
//
// A number that is not finite is null, see package finite.
//
// The sum is the first 16 hexadecimal digits of the SHA-256 of all bytes before the comma
// in front of it.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"infinibench/internal/finite"
	"infinibench/internal/jsonread"
)

const digits = 16

// How a line, and an indented object, end with their sum.
var (
	line     = ending{`,"sum":"`, "\"}\n"}
	indented = ending{",\n  \"sum\": \"", "\"\n}\n"}
)

type ending struct{ before, after string }

func (e ending) size() int { return len(e.before) + digits + len(e.after) }

// Damage is the error for a sealed object whose bytes have changed.
type Damage struct{ reason string }

func (d *Damage) Error() string { return "damaged: " + d.reason }

// Line is v, an object with fields, as one sealed line of JSON.
func Line(v any) ([]byte, error) {
	data, err := finite.Marshal(v)
	if err != nil {
		return nil, err
	}
	return line.seal(data, "}")
}

// Indent is v, an object with fields, as sealed and indented JSON.
func Indent(v any) ([]byte, error) {
	data, err := finite.MarshalIndent(v)
	if err != nil {
		return nil, err
	}
	return indented.seal(data, "\n}")
}

func (e ending) seal(data []byte, end string) ([]byte, error) {
	body, ok := bytes.CutSuffix(data, []byte(end))
	if !ok || len(body) < 2 || body[0] != '{' {
		return nil, fmt.Errorf("seal: %.20s is not an object with fields", data)
	}
	return fmt.Appendf(nil, "%s%s%s%s", body, e.before, Sum(body), e.after), nil
}

// Sum is the checksum of body.
func Sum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])[:digits]
}

// Check returns a *Damage unless data is a result of Line or Indent.
func Check(data []byte) error {
	for _, e := range []ending{line, indented} {
		at := len(data) - e.size()
		if at < 0 || !bytes.HasPrefix(data[at:], []byte(e.before)) || !bytes.HasSuffix(data, []byte(e.after)) {
			continue
		}
		body, sum := data[:at], string(data[at+len(e.before):len(data)-len(e.after)])
		if want := Sum(body); sum != want {
			return &Damage{fmt.Sprintf("its checksum is %q, it should be %q", sum, want)}
		}
		return nil
	}
	return &Damage{"it does not end with its checksum"}
}

// Unmarshal reads a result of Line or Indent. The error is a *Damage if the bytes have
// changed since.
func Unmarshal(data []byte, v any) error {
	if err := Check(data); err != nil {
		return err
	}
	if bytes.HasSuffix(data, []byte(indented.after)) {
		return jsonread.Document(data, v, finite.NullIsNaN)
	}
	return jsonread.Line(data, v, finite.NullIsNaN)
}
