package tokenizer

import (
	"fmt"
	"slices"
	"testing"
)

// pretrainedCase is a small tokenizer.json. vocab lists the tokens in the order of their
// ids; null means that a part is absent.
type pretrainedCase struct {
	name                                  string
	normalizer, pre, post, decoder, added string
	vocab, merges                         []string
	options                               string // further keys of the model
	text                                  string
	ids                                   []int32
	special                               []int32 // nil: as ids
	decoded                               string
	reason                                string // where the expected ids come from
}

func (c pretrainedCase) json() string {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	vocab, merges := "", ""
	for id, token := range c.vocab {
		if id > 0 {
			vocab += ","
		}
		vocab += fmt.Sprintf("%q:%d", token, id)
	}
	for i, m := range c.merges {
		if i > 0 {
			merges += ","
		}
		merges += fmt.Sprintf("%q", m)
	}
	return fmt.Sprintf(`{"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":%s,"pre_tokenizer":%s,`+
		`"post_processor":%s,"decoder":%s,"model":{"type":"BPE","vocab":{%s},"merges":[%s]%s}}`,
		c.added, or(c.normalizer, "null"), or(c.pre, "null"), or(c.post, "null"), or(c.decoder, `{"type":"Fuse"}`), vocab, merges, c.options)
}

// llamaSteps are the normalizer and the decoder of Llama 2's kind of file.
const (
	llamaNormalizer = `{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}`
	llamaDecoder    = `{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},` +
		`{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`
)

// pretrainedCases are worked by hand from the library's source (tokenizers 0.23).
var pretrainedCases = []pretrainedCase{
	{
		name: "byte fallback", normalizer: llamaNormalizer, decoder: llamaDecoder,
		vocab: []string{"<unk>", "▁", "a", "▁a", "<0xC3>", "<0xA9>"}, merges: []string{"▁ a"},
		options: `,"unk_token":"<unk>","byte_fallback":true,"fuse_unk":true`,
		text:    "a éxya", ids: []int32{3, 1, 4, 5, 0, 2}, decoded: "a é<unk>a",
		reason: "é is two bytes that have tokens; x and y are one unknown token",
	},
	{
		name: "unknown not fused", vocab: []string{"<unk>", "a"}, options: `,"unk_token":"<unk>"`,
		text: "xya", ids: []int32{0, 0, 1}, decoded: "<unk><unk>a", reason: "one for each character",
	},
	{
		name: "nothing for the unknown", vocab: []string{"a"},
		text: "xay", ids: []int32{0}, decoded: "a", reason: "without unk_token, unknown characters are dropped",
	},
	{
		name: "cut before ▁ only where no merge crosses", vocab: []string{"▁", "a", "b", "a▁", "a▁b", "▁b"},
		merges: []string{"a ▁", "▁ b", "a▁ b"}, text: "a▁bb▁b", ids: []int32{4, 2, 5}, decoded: "a▁bb▁b",
		reason: "a ▁ is merged first, so a▁b comes of it; b ▁ is no merge, so ▁b comes of ▁ b",
	},
	{
		name: "ignore_merges", vocab: []string{"a", "b", "ab"}, options: `,"ignore_merges":true`,
		pre:  `{"type":"Split","pattern":{"String":" "},"behavior":"Removed"}`,
		text: "ab aba", ids: []int32{2, 0, 1, 0}, decoded: "abaaba"[0:2] + "aba", reason: "a piece that is a token is that token; another is merged, here by no merge",
	},
	{
		name: "digits one by one", pre: `{"type":"Digits","individual_digits":true}`,
		vocab: []string{"1", "2", "12", "a", "a1"}, merges: []string{"1 2", "a 1"},
		text: "a12", ids: []int32{3, 0, 1}, decoded: "a12", reason: "neither 12 nor a1 is inside a piece",
	},
	{
		name: "digits together", pre: `{"type":"Digits","individual_digits":false}`,
		vocab: []string{"1", "2", "12", "a", "a1"}, merges: []string{"1 2", "a 1"},
		text: "a12", ids: []int32{3, 2}, decoded: "a12", reason: "12 is one piece",
	},
	{
		name: "metaspace, first", pre: `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}`,
		decoder: `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}`,
		added:   `{"id":4,"content":"<s>","normalized":false,"special":true}`,
		vocab:   []string{"▁", "a", "▁a", "<unk>"}, merges: []string{"▁ a"},
		text: "a a<s>a", ids: []int32{2, 2, 4, 1}, decoded: "a a<s>a",
		reason: "only the piece at the start of the text gets a ▁",
	},
	{
		name: "added tokens", vocab: []string{"a", "b", " "},
		added: `{"id":3,"content":"<x>","lstrip":true,"normalized":false},{"id":4,"content":"<x>y","normalized":false},` +
			`{"id":1,"content":"b","single_word":true,"normalized":true},{"id":5,"content":"<z>","rstrip":true}`,
		text: "a <x>ab b <x>y<z> b", ids: []int32{0, 3, 0, 1, 2, 1, 2, 4, 5, 1}, decoded: "a<x>ab b <x>y<z>b",
		reason: "the longest wins; <x> takes the space before it and <z> the one after; b has one id either way, but is a piece of its own only as a word",
	},
	{
		name: "template", vocab: []string{"a", "<s>", "</s>"},
		post: `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},` +
			`{"SpecialToken":{"id":"</s>","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]}}}`,
		text: "aa", ids: []int32{0, 0}, special: []int32{1, 0, 0, 2}, decoded: "aa", reason: "around the text",
	},
	{
		name: "no decoder", decoder: "null", vocab: []string{"a", "b"}, text: "ab", ids: []int32{0, 1}, decoded: "a b",
		reason: "without a decoder, the library joins tokens with spaces",
	},
}

func TestPretrainedCases(t *testing.T) {
	for _, c := range pretrainedCases {
		tok, err := parse([]byte(c.json()))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		p := tok.(*Pretrained)
		ids, err := p.Encode(c.text)
		if err != nil || !slices.Equal(ids, c.ids) {
			t.Errorf("%s: Encode(%q) = %v, %v, want %v: %s", c.name, c.text, ids, err, c.ids, c.reason)
		}
		want := c.special
		if want == nil {
			want = c.ids
		}
		if ids, err := p.EncodeSpecial(c.text); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s: EncodeSpecial(%q) = %v, %v, want %v: %s", c.name, c.text, ids, err, want, c.reason)
		}
		if text, err := p.Decode(c.ids); err != nil || text != c.decoded {
			t.Errorf("%s: Decode(%v) = %q, %v, want %q: %s", c.name, c.ids, text, err, c.decoded, c.reason)
		}
	}
}

// The behaviours of Split, as the library's documentation of SplitDelimiterBehavior
// shows them for "the-final--countdown" with "-".
func TestSplitBehaviours(t *testing.T) {
	for behavior, want := range map[string][]string{
		"Removed":            {"the", "final", "countdown"},
		"Isolated":           {"the", "-", "final", "-", "-", "countdown"},
		"MergedWithPrevious": {"the-", "final-", "-", "countdown"},
		"MergedWithNext":     {"the", "-final", "-", "-countdown"},
		"Contiguous":         {"the", "-", "final", "--", "countdown"},
	} {
		var got []string
		cutAt(literal("-"), behavior, false)("the-final--countdown", true, func(piece string, _ bool) { got = append(got, piece) })
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", behavior, got, want)
		}
	}
}

// String::from_utf8_lossy makes one U+FFFD of each longest stretch that a character
// could begin with (Unicode 15, section 3.9, table 3-8 and the text around it).
func TestLossy(t *testing.T) {
	for text, want := range map[string]string{
		"a\xe2\x82b":                    "a\uFFFDb",
		"\xff\xfe":                      "\uFFFD\uFFFD",
		"\xf0\x9f\x92":                  "\uFFFD",
		"\xe0\x80\x80":                  "\uFFFD\uFFFD\uFFFD",
		"\x61\xF1\x80\x80\xE1\x80\xC2b": "a\uFFFD\uFFFD\uFFFDb",
		"é":                             "é",
	} {
		if got := lossy([]byte(text)); got != want {
			t.Errorf("lossy(%q) = %q, want %q", text, got, want)
		}
	}
}
