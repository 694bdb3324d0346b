package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// entry is what the header says of one tensor.
type entry struct {
	name, dtype string
	shape       []int
	begin, end  int // bytes of the data
}

// parse reads the JSON of a header. It goes token by token because json.Unmarshal
// accepts what must not pass here: a name that occurs twice, keys in another
// case, keys without a meaning, null for a number.
func parse(header []byte) (metadata map[string]string, entries []entry, err error) {
	if !bytes.HasPrefix(header, []byte("{")) {
		return nil, nil, errors.New("does not begin with {")
	}
	if !utf8.Valid(header) {
		return nil, nil, errors.New("is not UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(header))}
	p.UseNumber()
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
	if _, err := p.Token(); err != io.EOF {
		return nil, nil, errors.New("goes on after its end")
	}
	return metadata, entries, nil
}

type parser struct{ *json.Decoder }

// object reads an object whose keys are all different; member reads the value.
func (p parser) object(member func(key string) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.More() {
		key, err := p.text()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%q occurs twice", key)
		}
		seen[key] = true
		if err := member(key); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return p.expect('}')
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
	for p.More() {
		t, err := p.next()
		if err != nil {
			return nil, err
		}
		number, _ := t.(json.Number)
		n, err := strconv.Atoi(number.String())
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%.40v is no whole number from 0 to %d", t, math.MaxInt)
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
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%.40v is not a text", t)
	}
	return s, nil
}

func (p parser) expect(want json.Delim) error {
	t, err := p.next()
	if err == nil && t != want {
		err = fmt.Errorf("%.40v stands where %v should", t, want)
	}
	return err
}

func (p parser) next() (json.Token, error) {
	t, err := p.Token()
	if err == io.EOF {
		err = errors.New("ends too early")
	}
	return t, err
}
