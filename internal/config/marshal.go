package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"gopkg.in/yaml.v3"
)

// Marshal writes a struct, or the struct a pointer points to, as a YAML document that
// Parse can read: fields in the order of the struct, map keys sorted. It returns an
// error if Parse would reject the result or read anything else from it, so a field
// whose bounds exclude its zero value needs omitempty.
func Marshal(v any) ([]byte, error) {
	value := reflect.Indirect(reflect.ValueOf(v))
	if value.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: Marshal needs a struct, not %T", v))
	}
	data, err := encode(v)
	if err != nil {
		return nil, err
	}
	back := reflect.New(value.Type())
	if err := Parse("settings", data, back.Interface()); err != nil {
		return nil, fmt.Errorf("settings that could not be read back: %w", err)
	}
	// Compare the bytes: an empty list and a nil one are written alike.
	again, err := encode(back.Interface())
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(data, again) {
		return nil, errors.New("settings that would read back differently; use plain text on one line")
	}
	return data, nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
