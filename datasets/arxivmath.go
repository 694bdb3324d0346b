package datasets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/jsonread"
	"infinibench/internal/machine"
	"infinibench/internal/textfile"
)

const arxivLayout = "the layout is train/, validation/, test/ with .tex files, or proof-pile's " +
	"train*, validation*|valid*|dev*|val*, test* .jsonl[.gz|.zst] files"

// ArxivMath reads mathematical papers in LaTeX, the stand-in for the paper's
// Arxiv-math corpus, which was never released. It may be used by several
// goroutines.
type ArxivMath struct {
	docs    map[Split][]arxivDoc
	dir     string
	names   []string   // files read, below dir, with slashes
	open    []*os.File // line files and the spool
	spool   *os.File   // in open; nil while nothing is compressed
	spooled int64      // bytes in the spool

	parts   map[string]bool // of collections that lines come from
	salvage bool            // what cannot be decoded is left out
	broken  map[Split][]Unreadable
}

// arxivDoc is where one paper stands: a whole file, or a JSON line in an open one.
type arxivDoc struct {
	id     string
	path   string   // the .tex file, when lines is nil
	lines  *os.File // a .jsonl file or the spool
	offset int64
	length int
}

// OpenArxivMath lists the papers below dir, in one of two layouts.
//
// Papers as LaTeX files: train|validation|test/<name>.tex, ordered by name, the
// ID being the name. Folders inside these are not searched. Validation goes by the
// names below too.
//
// proof-pile as JSON lines, of which the config "arxiv" is kept:
// {"text": ..., "meta": {"config": "arxiv"}}, in files named train*,
// validation*, valid*, dev*, val* or test* (or with "proofpile_" before it), or in
// folders of these names and the folders inside them, as on the Hugging Face hub. The
// lines of RedPajama, proof-pile-2, SlimPajama and the Pile are read too ([lineMeta]),
// and proof-pile-2's files also where they lie in a folder arxiv. Files are ordered by
// name; an ID is the file and the line, "test/proofpile_test.jsonl.gz:17". Lines
// without text are left out.
//
// Extensions may be in any letter case.
//
// Only positions of lines are held in memory. A .jsonl file is kept open and read
// where it stands. A .gz or .zst file cannot be read from the middle: it is decoded
// once, here, and its arXiv lines are copied to a temporary file, which takes the
// disk space of the decoded lines (about 3 times the compressed size) in the
// system's temporary folder (TMPDIR) until [ArxivMath.Close]. To avoid that,
// decompress the files. Every line is parsed here, so a malformed line, or one of
// over 64 MiB, fails here; a line with bytes that are not UTF-8, or with an escaped
// lone surrogate, fails when it is read.
//
// Missing splits are empty splits, but no paper at all is an error.
func OpenArxivMath(dir string) (*ArxivMath, error) {
	return openArxivMath(&ArxivMath{dir: dir})
}

// SalvageArxivMath does what OpenArxivMath does, but a malformed line does not fail: it
// is left out and is listed by [Broken]. So is, as one, a file of lines that cannot be
// decoded to its end, with all of its lines: what comes before the damage cannot be
// trusted either, as its checksum comes last.
func SalvageArxivMath(dir string) (*ArxivMath, error) {
	return openArxivMath(&ArxivMath{dir: dir, salvage: true, broken: make(map[Split][]Unreadable)})
}

func openArxivMath(a *ArxivMath) (*ArxivMath, error) {
	dir := a.dir
	found, err := findArxivFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("arxiv-math: %w", err)
	}
	a.docs, a.parts = make(map[Split][]arxivDoc), make(map[string]bool)
	total := 0
	for _, split := range officialSplits {
		named := make(map[string]string) // file by ID
		for _, name := range found.tex[split] {
			id := strings.TrimSuffix(path.Base(name), path.Ext(name))
			if first, taken := named[id]; taken {
				return nil, fmt.Errorf("arxiv-math: %s: %s and %s are two papers of one name; rename one", dir, first, name)
			}
			named[id] = name
			a.docs[split] = append(a.docs[split], arxivDoc{id: id, path: filepath.Join(dir, filepath.FromSlash(name))})
		}
		for _, name := range found.lines[split] {
			if err := a.addLines(split, name); err != nil && !a.leaveOut(split, name, err) {
				a.Close()
				if err = fmt.Errorf("arxiv-math: %w", err); errors.Is(err, errSpool) {
					return nil, err
				}
				return nil, damage{err}
			}
		}
		a.names = slices.Concat(a.names, found.tex[split], found.lines[split])
		total += a.Len(split)
	}
	if total == 0 {
		a.Close()
		for _, split := range officialSplits {
			if len(a.broken[split]) > 0 {
				return nil, errors.New(a.broken[split][0].Error)
			}
		}
		return nil, fmt.Errorf("arxiv-math: %s: no line of %d files is a paper of arXiv with a text; %s", dir, len(a.names), lineForm)
	}
	return a, nil
}

// errSpool is behind every error of the temporary copy, which says nothing of the text.
var errSpool = errors.New("temporary copy")

// leaveOut notes why a file was left out, where that is allowed. Its lines are
// forgotten; what was copied of them stays in the spool and is not used.
func (a *ArxivMath) leaveOut(split Split, name string, err error) bool {
	if !a.salvage || errors.Is(err, errSpool) || machine.AsFault(err) != nil {
		return false
	}
	a.docs[split] = slices.DeleteFunc(a.docs[split], func(d arxivDoc) bool { return strings.HasPrefix(d.id, name+":") })
	a.broken[split] = slices.DeleteFunc(a.broken[split], func(u Unreadable) bool {
		return strings.HasPrefix(u.Error, "arxiv-math: "+filepath.Join(a.dir, filepath.FromSlash(name))+": ")
	})
	a.broken[split] = append(a.broken[split], Unreadable{Index: -1, Error: fmt.Sprintf("arxiv-math: %v; none of its lines is used", err)})
	return true
}

// addLines indexes the arXiv lines of one file, copying them when it is compressed.
func (a *ArxivMath) addLines(split Split, name string) (err error) {
	full := filepath.Join(a.dir, filepath.FromSlash(name))
	in, err := openLines(full)
	if err != nil {
		return err
	}
	lines, direct := in.(*os.File)
	var copied *bufio.Writer
	if direct {
		a.open = append(a.open, lines)
	} else {
		defer in.Close()
		if a.spool == nil {
			if err := a.openSpool(); err != nil {
				return fmt.Errorf("%w: %w", errSpool, err)
			}
		}
		lines, copied = a.spool, bufio.NewWriterSize(a.spool, 1<<20)
	}
	err = textfile.Lines(in, maxLine, func(number int, offset int64, line []byte) error {
		text, config, err := parseProofPile(line, jsonread.AnyText)
		if err != nil && a.salvage {
			a.broken[split] = append(a.broken[split], Unreadable{Index: -1, Error: fmt.Sprintf("arxiv-math: %s: line %d: %v", full, number, err)})
			return nil
		}
		if err != nil || !isArxiv(config) || strings.TrimSpace(text) == "" {
			return err
		}
		a.parts[config] = true
		if copied != nil {
			if _, err := copied.Write(line); err != nil {
				return fmt.Errorf("%w: %w", errSpool, err)
			}
			offset = a.spooled
			a.spooled += int64(len(line))
		}
		a.docs[split] = append(a.docs[split], arxivDoc{
			id: name + ":" + strconv.Itoa(number), lines: lines, offset: offset, length: len(line),
		})
		return nil
	})
	if copied != nil {
		if failed := copied.Flush(); failed != nil {
			err = errors.Join(err, fmt.Errorf("%w: %w", errSpool, failed))
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", full, err)
	}
	return nil
}

func (a *ArxivMath) openSpool() error {
	spool, err := machine.CreateTemp("arxiv-math-*.jsonl")
	if err != nil {
		return err
	}
	// Where the system allows it the name goes at once, so that the space comes
	// back even if the process is killed; elsewhere Close removes it.
	os.Remove(spool.Name())
	a.spool = spool
	a.open = append(a.open, spool)
	return nil
}

// Close closes the JSON line files and removes the temporary copy. Documents
// cannot be read afterwards, unless they are .tex files.
func (a *ArxivMath) Close() error {
	var errs []error
	for _, f := range a.open {
		errs = append(errs, f.Close())
	}
	if a.spool != nil {
		if err := os.Remove(a.spool.Name()); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	a.open, a.spool = nil, nil
	return errors.Join(errs...)
}

// Name is "arxiv-math".
func (a *ArxivMath) Name() string { return "arxiv-math" }

// Len is the number of papers of a split.
func (a *ArxivMath) Len(split Split) int { return len(a.docs[split]) }

// Document reads paper i of a split. It fails when the file cannot be read or is
// not UTF-8, and for a .tex file also when it is blank or holds a NUL.
func (a *ArxivMath) Document(split Split, i int) (Document, error) {
	docs := a.docs[split]
	if i < 0 || i >= len(docs) {
		return Document{}, documentRange(a.Name(), split, len(docs), i)
	}
	doc := docs[i]
	text, err := doc.read()
	if err != nil {
		return Document{}, fmt.Errorf("arxiv-math: %w", err)
	}
	return Document{ID: doc.id, Text: text}, nil
}

func (d arxivDoc) read() (string, error) {
	if d.lines == nil {
		return ReadText(d.path)
	}
	line := make([]byte, d.length)
	if _, err := d.lines.ReadAt(line, d.offset); err != nil {
		if err == io.EOF {
			err = errors.New("the file became shorter after it was opened")
		}
		return "", fmt.Errorf("%s: %w", d.id, err)
	}
	text, _, err := parseProofPile(line)
	if err != nil {
		if _, _, again := parseProofPile(line, jsonread.AnyText); again != nil {
			return "", fmt.Errorf("%s: the file changed after it was opened: %w", d.id, again)
		}
		return "", fmt.Errorf("%s: %w", d.id, err)
	}
	return text, nil
}

// Certificate is never official: there is no published corpus to be equal to.
func (a *ArxivMath) Certificate() Certificate {
	c := Certificate{Name: a.Name(), Splits: make(map[Split]SplitSummary)}
	total := 0
	for _, split := range officialSplits {
		c.Splits[split] = SplitSummary{Documents: a.Len(split)}
		total += a.Len(split)
	}
	c.StandIn = fmt.Sprintf("LaTeX folder: %d documents", total)
	if len(a.parts) > 0 {
		c.StandIn = collections(a.parts)
	}
	return c
}

// files lists the files that make up the corpus, for Verify.
func (a *ArxivMath) files() (dir string, names []string) { return a.dir, a.names }
