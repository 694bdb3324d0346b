package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"infinibench/internal/textfile"
)

// readYAML returns the value of the only document in data.
func readYAML(data []byte) (*yaml.Node, *Problem) {
	if len(data) > maxSize {
		return nil, &Problem{Line: 1, Text: fmt.Sprintf("the file is too large; allowed: at most %d bytes", maxSize)}
	}
	data, err := textfile.Strip(data) // some Windows editors start a file with a byte-order mark
	if err != nil {
		return nil, &Problem{Line: 1, Text: err.Error()}
	}
	if problem := readable(data); problem != nil {
		return nil, problem
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	first, err := next(decoder)
	if errors.Is(err, io.EOF) {
		return nil, &Problem{Line: 1, Text: "the file is empty; allowed: one YAML document"}
	}
	if err != nil {
		return nil, syntaxProblem(data, err)
	}
	second, err := next(decoder)
	if err == nil {
		return nil, &Problem{Line: second.Line, Text: "a second document begins here; allowed: one document in a file"}
	}
	if !errors.Is(err, io.EOF) {
		return nil, syntaxProblem(data, err)
	}
	root := first.Content[0]
	if root.Kind == yaml.ScalarNode && root.Value == "" {
		root.Line = first.Line // the line after "---", if there is one, is empty
	}
	return root, nil
}

// next reads one document. yaml.v3 panics in states it believes impossible, and no file
// may end the program.
func next(decoder *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	document = new(yaml.Node)
	err = decoder.Decode(document)
	return document, err
}

// readable rejects what a reader of the file could not see and what yaml.v3 reports
// without a line: bytes that are not text, invisible characters, and tabs in the
// indentation (some of which yaml.v3 would accept).
func readable(data []byte) *Problem {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		for i := 0; i < len(line); {
			r, size := utf8.DecodeRune(line[i:])
			if r == utf8.RuneError && size == 1 {
				return &Problem{Line: number, Text: fmt.Sprintf("byte 0x%02x in column %d is not text; allowed: UTF-8", line[i], i+1)}
			}
			if r != '\t' && !unicode.IsGraphic(r) {
				return &Problem{Line: number, Text: fmt.Sprintf("invisible character %U in column %d; allowed: visible text", r, i+1)}
			}
			i += size
		}
		text := bytes.TrimLeft(line, " \t")
		if indent := line[:len(line)-len(text)]; len(text) > 0 && bytes.IndexByte(indent, '\t') >= 0 {
			return &Problem{Line: number, Text: "a tab in the indentation; allowed: spaces"}
		}
	}
	return nil
}

var (
	yamlError     = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxProblem rewrites an error from yaml.v3, which names the line in its text, if at
// all.
func syntaxProblem(data []byte, err error) *Problem {
	parts := yamlError.FindStringSubmatch(err.Error())
	if parts == nil {
		return &Problem{Line: 1, Text: "not valid YAML: " + err.Error()}
	}
	text := parts[2]
	if anchor := unknownAnchor.FindStringSubmatch(text); anchor != nil {
		before, _, _ := bytes.Cut(data, []byte("*"+anchor[1]))
		return &Problem{Line: 1 + bytes.Count(before, []byte("\n")), Text: refuse("alias *" + anchor[1])}
	}
	line := 1
	if parts[1] != "" {
		line, _ = strconv.Atoi(parts[1])
		if strings.HasPrefix(text, "did not find expected") {
			line++ // yaml.v3's parser, unlike its scanner, counts lines from 0
		}
	}
	// At the end of the file yaml.v3 names the line after the last one.
	last := bytes.Count(bytes.TrimRight(data, "\r\n"), []byte("\n")) + 1
	return &Problem{Line: min(line, last), Text: "not valid YAML: " + text}
}

// refuse is the message for YAML's means of abbreviation, which are valid YAML but not
// accepted here.
func refuse(what string) string {
	return what + "; write the value out in full"
}

// abbreviation names the means of abbreviation that a node uses, or returns "".
func abbreviation(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.AliasNode:
		return "alias *" + n.Value
	case n.Anchor != "":
		return "anchor &" + n.Anchor
	case n.Style&yaml.TaggedStyle != 0:
		return "tag " + n.Tag
	case n.Tag == "!!merge":
		return "merge key <<"
	}
	return ""
}
