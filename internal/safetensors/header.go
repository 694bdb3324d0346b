package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// entry is the header of one tensor.
type entry struct {
	name, dtype string
	shape       []int
	begin, end  int // bytes of the data
}

// parse reads the JSON of a header, token by token, because decoding into a struct would
// accept what must be refused here: null for a number, or a number that is not whole. The
// decoder itself refuses a name that occurs twice and text that is not UTF-8.
func parse(header []byte) (metadata map[string]string, entries []entry, err error) {
	if !bytes.HasPrefix(header, []byte("{")) {
		return nil, nil, errors.New("does not begin with {")
	}
	p := parser{jsontext.NewDecoder(bytes.NewReader(header))}
	metadata = map[string]string{}
	err = p.object(func(name string) error {
		if name == metadataKey {
			return p.object(func(key string) (err error) {
				metadata[key], err = p.text()
				return err
			})
		}
		e, err := p.entry(name)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if _, err := p.ReadToken(); err != io.EOF {
		return nil, nil, errors.New("continues after its end")
	}
	return metadata, entries, nil
}

type parser struct{ *jsontext.Decoder }

// object reads an object, calling member to read the value of each key.
func (p parser) object(member func(key string) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	for p.more() {
		key, err := p.text()
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return p.expect('}')
}

// more says whether another element of an object or an array follows, or an error.
func (p parser) more() bool {
	kind := p.PeekKind()
	return kind != '}' && kind != ']'
}

func (p parser) entry(name string) (entry, error) {
	e := entry{name: name}
	var offsets []int
	err := p.object(func(key string) (err error) {
		switch key {
		case "dtype":
			e.dtype, err = p.text()
		case "shape":
			e.shape, err = p.numbers()
		case "data_offsets":
			offsets, err = p.numbers()
		default:
			err = errors.New("unknown key; allowed: dtype, shape, data_offsets")
		}
		return err
	})
	switch {
	case err != nil:
		return e, err
	case e.dtype == "":
		return e, errors.New("dtype is missing")
	case e.shape == nil:
		return e, errors.New("shape is missing")
	case len(offsets) != 2 || offsets[0] > offsets[1]:
		return e, fmt.Errorf("data_offsets are %v, want a begin and an end", offsets)
	}
	e.begin, e.end = offsets[0], offsets[1]
	return e, nil
}

// numbers reads an array of whole numbers from 0; it is never nil.
func (p parser) numbers() ([]int, error) {
	if err := p.expect('['); err != nil {
		return nil, err
	}
	all := []int{}
	for p.more() {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(t.String())
		if t.Kind() != '0' || err != nil || n < 0 {
			return nil, fmt.Errorf("%.40s is not a whole number from 0 to %d", t, math.MaxInt)
		}
		all = append(all, n)
	}
	return all, p.expect(']')
}

func (p parser) text() (string, error) {
	t, err := p.next()
	if err != nil {
		return "", err
	}
	if t.Kind() != '"' {
		return "", fmt.Errorf("%.40s is not a string", t)
	}
	return t.String(), nil
}

func (p parser) expect(want jsontext.Kind) error {
	t, err := p.next()
	if err == nil && t.Kind() != want {
		err = fmt.Errorf("%.40s where %s should be", t, want)
	}
	return err
}

func (p parser) next() (jsontext.Token, error) {
	t, err := p.ReadToken()
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("ends too early")
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		err = fmt.Errorf("%q occurs twice", syntax.JSONPointer.LastToken())
	case errors.As(err, &syntax):
		err = syntax.Err
	}
	return t, err
}
