package jsonread

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"infinibench/internal/textfile"
)

// explain rewrites an error of the library as "line 3, column 12: "meta.config": what
// is wrong". Lines and columns count from 1; columns count bytes.
func explain(data []byte, err error, lines bool) error {
	var reason string
	var offset int64
	var key jsontext.Pointer
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &meaning):
		offset, key, reason = meaning.ByteOffset, meaning.JSONPointer, wrongValue(meaning)
		offset += leadingSpace(data, offset)
	case errors.As(err, &syntax):
		offset, key, reason = syntax.ByteOffset, syntax.JSONPointer, wrongText(data, syntax)
	default:
		return err
	}
	offset = min(offset, int64(len(data)))
	before := data[:offset]
	place := fmt.Sprintf("column %d", len(before)-bytes.LastIndexByte(before, '\n'))
	if lines {
		place = fmt.Sprintf("line %d, %s", 1+bytes.Count(before, []byte("\n")), place)
	}
	if name := keyName(key); name != "" {
		place += fmt.Sprintf(": %q", name)
	}
	return fmt.Errorf("%s: %s", place, reason)
}

// leadingSpace is the number of bytes between the end of one token, where the library
// reports an error, and the start of the next.
func leadingSpace(data []byte, offset int64) int64 {
	if offset < 0 || offset > int64(len(data)) {
		return 0
	}
	rest := data[offset:]
	return int64(len(rest) - len(bytes.TrimLeft(rest, " \t\r\n:,")))
}

// wrongText describes an error in the grammar or the characters.
func wrongText(data []byte, err *jsontext.SyntacticError) string {
	at := data[min(max(err.ByteOffset, 0), int64(len(data))):]
	reason := err.Err.Error()
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "the key is given twice"
	case errors.Is(err, io.ErrUnexpectedEOF) && len(bytes.TrimSpace(data)) == 0:
		return "the text is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON ends too early; the file may be cut short"
	case strings.HasPrefix(reason, "invalid surrogate pair"):
		return fmt.Sprintf("%.6s is a lone surrogate, only half of a character; write the character itself or U+FFFD", at)
	case reason == "invalid UTF-8" && len(at) > 0:
		return fmt.Sprintf("byte 0x%02x is not UTF-8; convert the text to UTF-8", at[0])
	case bytes.HasPrefix(at, []byte(textfile.Mark)) && strings.HasPrefix(reason, "invalid character"):
		return "a byte-order mark, which is allowed only at the start of a file"
	case strings.HasPrefix(reason, "invalid character 'N'"), strings.HasPrefix(reason, "invalid character 'I'"):
		return reason + " (NaN and infinities are not JSON)"
	case strings.HasSuffix(reason, "after top-level value"):
		return "more text after the JSON value"
	}
	return reason
}

// wrongValue describes how a value differs from the one expected.
func wrongValue(err *json.SemanticError) string {
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return "unknown key"
	case errors.Is(err, errNull):
		return errNull.Error()
	case err.Err != nil && err.JSONValue != nil:
		return fmt.Sprintf("%.40s is not %s in range", err.JSONValue, goKind(err.GoType))
	case err.Err != nil:
		return err.Err.Error()
	}
	return fmt.Sprintf("got %s, want %s", jsonKind(err.JSONKind), goKind(err.GoType))
}

// keyName formats a path of keys as "config.heads" or "merges[3]", without JSON
// Pointer's escapes.
func keyName(p jsontext.Pointer) string {
	var name strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "" && name.Len() > 0:
			fmt.Fprintf(&name, "[%s]", token)
		case name.Len() > 0:
			name.WriteString("." + token)
		default:
			name.WriteString(token)
		}
	}
	return name.String()
}

func jsonKind(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[':
		return "an array"
	}
	return "an object"
}

func goKind(t reflect.Type) string {
	if t == nil {
		return "that kind of value"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	}
	return "a " + t.String()
}
