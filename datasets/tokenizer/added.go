package tokenizer

import (
	"fmt"
	"regexp"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is searched for in the text before the model sees it.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`     // absorbs the white space before it
	RStrip     bool   `json:"rstrip"`     // absorbs the white space after it
	Normalized bool   `json:"normalized"` // searched for in the normalised text
	Special    bool   `json:"special"`
}

// addedTokens finds added tokens in a text, the longest at each position, as the
// library does. The zero value finds none.
type addedTokens struct {
	tokens []addedToken
	roots  [256]*trieNode // by first byte
}

// trieNode represents a common prefix of tokens.
type trieNode struct {
	next  map[byte]*trieNode
	token int // index of the token that ends here, or -1
}

func newTrieNode() *trieNode { return &trieNode{token: -1} }

// add adds a token that is spelled content, which is normalised if the token requires
// it.
func (a *addedTokens) add(t addedToken, content string) error {
	if content == "" {
		return fmt.Errorf("added token %q (id %d) is empty", t.Content, t.ID)
	}
	node := a.roots[content[0]]
	if node == nil {
		node = newTrieNode()
		a.roots[content[0]] = node
	}
	for i := 1; i < len(content); i++ {
		child := node.next[content[i]]
		if child == nil {
			if node.next == nil {
				node.next = make(map[byte]*trieNode)
			}
			child = newTrieNode()
			node.next[content[i]] = child
		}
		node = child
	}
	node.token = len(a.tokens)
	a.tokens = append(a.tokens, t)
	return nil
}

// longest returns the index of the longest token that starts at start in text, and
// where the token ends; the index is -1 if there is none.
func (a *addedTokens) longest(text string, start int) (token, end int) {
	token = -1
	node := a.roots[text[start]]
	for i := start + 1; node != nil; i++ {
		if node.token >= 0 {
			token, end = node.token, i
		}
		if i == len(text) {
			break
		}
		node = node.next[text[i]]
	}
	return token, end
}

// split yields the parts of a text in order: stretches without a token, and tokens. It
// implements AddedVocabulary::find_matches of the library.
func (a *addedTokens) split(text string, plain func(part string, start int), token func(id int32)) {
	if len(a.tokens) == 0 {
		if text != "" {
			plain(text, 0)
		}
		return
	}
	done := 0 // the text before it has been yielded
	for at := 0; at < len(text); {
		found, end := a.longest(text, at)
		if found < 0 {
			at++
			continue
		}
		t := &a.tokens[found]
		start, stop := at, end
		at = end
		if t.SingleWord && (endsWithWord(text[:start]) || startsWithWord(text[stop:])) {
			continue
		}
		if t.LStrip {
			for start > done {
				r, size := utf8.DecodeLastRuneInString(text[done:start])
				if !unicode.IsSpace(r) {
					break
				}
				start -= size
			}
		}
		if t.RStrip {
			stop += run(text[stop:], space)
		}
		if start > done {
			plain(text[done:start], done)
		}
		token(t.ID)
		done, at = stop, max(at, stop)
	}
	if done < len(text) {
		plain(text[done:], done)
	}
}

// wordRune is \w of the library's regular expressions.
var wordRune = regexp.MustCompile(`^[\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D}]`)

func startsWithWord(s string) bool { return wordRune.MatchString(s) }

func endsWithWord(s string) bool {
	_, size := utf8.DecodeLastRuneInString(s)
	return wordRune.MatchString(s[len(s)-size:])
}
