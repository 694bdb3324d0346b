package rouge

// text is a tokenized text.
type text struct {
	ids  []int32 // one for each token, the same for equal tokens
	ends []int   // of the sentences with tokens: the index after the last one
}

// vocabulary gives equal tokens the same number, counting from 0.
type vocabulary struct {
	stemmed bool
	ids     map[string]int32 // by token: a stem or an unstemmed word
	words   map[string]int32 // by word, so that each is stemmed once
}

func newVocabulary(stemmed bool) *vocabulary {
	return &vocabulary{stemmed: stemmed, ids: map[string]int32{}, words: map[string]int32{}}
}

// read is rouge_score's tokenizer: it lower-cases; every character but a-z and 0-9,
// accented letters included, separates tokens; if asked, it stems words of more than three
// characters. A line is a sentence. Bytes that are not UTF-8 separate like any other
// character.
func (v *vocabulary) read(s string) text {
	var t text
	split(s, func(word []byte) { t.ids = append(t.ids, v.id(word)) }, func() {
		if n := len(t.ids); n > 0 && (len(t.ends) == 0 || t.ends[len(t.ends)-1] < n) {
			t.ends = append(t.ends, n)
		}
	})
	return t
}

// Words returns the tokens of a text as Compare sees them, without stemming.
func Words(s string) []string {
	var words []string
	split(s, func(word []byte) { words = append(words, string(word)) }, func() {})
	return words
}

// split calls add with each word, whose bytes it reuses, and endLine after the words of
// each line.
func split(s string, add func(word []byte), endLine func()) {
	var word []byte
	end := func() {
		if len(word) > 0 {
			add(word)
			word = word[:0]
		}
	}
	for _, c := range s {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			word = append(word, byte(c))
		case 'A' <= c && c <= 'Z':
			word = append(word, byte(c-'A'+'a'))
		// In Python, two more characters have a lower case within a-z: the Kelvin sign,
		// and the capital i with a dot, whose dot becomes a separate character.
		case c == '\u212a':
			word = append(word, 'k')
		case c == '\u0130':
			word = append(word, 'i')
			end()
		case c == '\n':
			end()
			endLine()
		default:
			end()
		}
	}
	end()
	endLine()
}

func (v *vocabulary) id(word []byte) int32 {
	if id, ok := v.words[string(word)]; ok {
		return id
	}
	w := string(word)
	token := w
	if v.stemmed && len(w) > 3 {
		token = stem(w)
	}
	id, ok := v.ids[token]
	if !ok {
		id = int32(len(v.ids))
		v.ids[token] = id
	}
	v.words[w] = id
	return id
}
