package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"infinibench/datasets/tokenizer"
	"infinibench/internal/jsonread"
	"infinibench/internal/textfile"
)

const tokenizerUsage = "tokenizer.json, or a folder that contains one"

func tokenizerEncodeCommand(env *environment) *cobra.Command {
	var path string
	var special, lines bool
	cmd := &cobra.Command{
		Use:   "encode --tokenizer FILE|DIR [FILE]",
		Short: "Convert text to token ids",
		Long: `encode prints the token ids of a text, separated by spaces. It reads the text from a
file or from standard input. The ids equal the Hugging Face tokenizers library's; added
tokens are recognised where the text contains them.`,
		Example: `  bench tokenizer encode --tokenizer model/ book.txt
  echo '{"text": "Hello"}' | bench tokenizer encode --tokenizer model/ --jsonl --special`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := tokenizer.Load(path)
			if err != nil {
				return err
			}
			encode := t.Encode
			if p, ok := t.(*tokenizer.Pretrained); ok && special {
				encode = p.EncodeSpecial
			}
			if lines {
				return eachLine(env, args, func(line []byte, out *json.Encoder) error {
					var in struct {
						Text *string `json:"text"`
					}
					if err := jsonread.Line(line, &in); err != nil {
						return err
					}
					if in.Text == nil {
						return fmt.Errorf(`want {"text": "..."}, got %.60q`, line)
					}
					return encodeLine(t, encode, *in.Text, out)
				})
			}
			text, err := readText(env, inputPath(args))
			if err != nil {
				return err
			}
			ids, err := encode(text)
			if err != nil {
				return err
			}
			return printIDs(env.stdout, ids)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&path, "tokenizer", "", tokenizerUsage)
	flags.BoolVar(&special, "special", false, "add the special tokens of the file's template, such as the start of a text")
	flags.BoolVar(&lines, "jsonl", false, `read lines {"text": "..."} and print lines {"ids": [...], "decoded": "..."}`)
	cmd.MarkFlagRequired("tokenizer")
	return cmd
}

func encodeLine(t tokenizer.Tokenizer, encode func(string) ([]int32, error), text string, out *json.Encoder) error {
	ids, err := encode(text)
	if err != nil {
		return err
	}
	decoded, err := t.Decode(ids)
	if err != nil {
		return err
	}
	return out.Encode(struct {
		IDs     []int32 `json:"ids"`
		Decoded string  `json:"decoded"`
	}{append([]int32{}, ids...), decoded})
}

func tokenizerDecodeCommand(env *environment) *cobra.Command {
	var path string
	var lines bool
	cmd := &cobra.Command{
		Use:   "decode --tokenizer FILE|DIR [FILE]",
		Short: "Convert token ids to text",
		Long: `decode prints the text of ids, special tokens included. It reads the ids, separated
by white space, from a file or from standard input.`,
		Example: `  bench tokenizer decode --tokenizer model/ ids.txt
  echo '{"ids": [1, 403]}' | bench tokenizer decode --tokenizer model/ --jsonl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := tokenizer.Load(path)
			if err != nil {
				return err
			}
			if lines {
				return eachLine(env, args, func(line []byte, out *json.Encoder) error {
					var in struct {
						IDs []int32 `json:"ids"`
					}
					if err := jsonread.Line(line, &in); err != nil {
						return err
					}
					if in.IDs == nil {
						return fmt.Errorf(`want {"ids": [...]}, got %.60q`, line)
					}
					text, err := t.Decode(in.IDs)
					if err != nil {
						return err
					}
					return out.Encode(struct {
						Text string `json:"text"`
					}{text})
				})
			}
			input, err := readText(env, inputPath(args))
			if err != nil {
				return err
			}
			var ids []int32
			for i, field := range strings.Fields(input) {
				id, err := strconv.ParseInt(field, 10, 32)
				if err != nil {
					return fmt.Errorf("id %d: %.40q is not a token id", i, field)
				}
				ids = append(ids, int32(id))
			}
			text, err := t.Decode(ids)
			if err != nil {
				return err
			}
			_, err = io.WriteString(env.stdout, text)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&path, "tokenizer", "", tokenizerUsage)
	flags.BoolVar(&lines, "jsonl", false, `read lines {"ids": [...]} and print lines {"text": "..."}`)
	cmd.MarkFlagRequired("tokenizer")
	return cmd
}

// inputPath is the file that the arguments name, or standard input.
func inputPath(args []string) string {
	if len(args) == 0 {
		return standardInput
	}
	return args[0]
}

// eachLine calls work for each line that is not blank.
func eachLine(env *environment, args []string, work func(line []byte, out *json.Encoder) error) error {
	in, name, err := openInput(env, inputPath(args))
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = await(env.ctx, func() (struct{}, error) {
		buffered := bufio.NewWriter(env.stdout)
		out := json.NewEncoder(buffered)
		out.SetEscapeHTML(false)
		err := textfile.Lines(in, maxPair, func(_ int, _ int64, line []byte) error { return work(line, out) })
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return struct{}{}, errors.Join(buffered.Flush(), err)
	})
	return err
}

func printIDs(w io.Writer, ids []int32) error {
	line := make([]byte, 0, 6*len(ids)+1)
	for i, id := range ids {
		if i > 0 {
			line = append(line, ' ')
		}
		line = strconv.AppendInt(line, int64(id), 10)
	}
	_, err := w.Write(append(line, '\n'))
	return err
}
