package datasets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type csvRow struct {
	Line   int
	Fields []string
}

func rowsOf(data string) (rows []csvRow, err error) {
	err = readCSV([]byte(data), func(line int, row []string) error {
		rows = append(rows, csvRow{line, append([]string(nil), row...)})
		return nil
	})
	return rows, err
}

// The first rows are the examples of RFC 4180, section 2; the last ones are what people
// write by hand, and none of their rows may be lost.
func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		reason, data string
		want         []csvRow
	}{
		{"rules 1 and 2", "aaa,bbb,ccc\r\nzzz,yyy,xxx", []csvRow{{1, []string{"aaa", "bbb", "ccc"}}, {2, []string{"zzz", "yyy", "xxx"}}}},
		{"rule 6", "\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx\r\n", []csvRow{{1, []string{"aaa", "b\nbb", "ccc"}}, {3, []string{"zzz", "yyy", "xxx"}}}},
		{"rule 7", `"aaa","b""bb","ccc"`, []csvRow{{1, []string{"aaa", `b"bb`, "ccc"}}}},
		{"a signature and blank lines", "\ufeff\n\na,b\n\r\n \t\n\n", []csvRow{{3, []string{"a", "b"}}}},
		{"only a signature", "\ufeff", nil},
		{"a quote inside", "1,A 12\" gun,x\n2,b,c\n", []csvRow{{1, []string{"1", `A 12" gun`, "x"}}, {2, []string{"2", "b", "c"}}}},
		{"a quote before more text", "0,a,b\n\n1,\"Us\" and them,x\n2,\"b\",c\n", []csvRow{{1, []string{"0", "a", "b"}}, {3, []string{"1", `"Us" and them`, "x"}}, {4, []string{"2", "b", "c"}}}},
		{"a quote that stays open", "1,\"Us,x\n2,\"b\",c\n3,d,e\r\n", []csvRow{{1, []string{"1", `"Us`, "x"}}, {2, []string{"2", "b", "c"}}, {3, []string{"3", "d", "e"}}}},
		{"one that stays open to the end", "1,\"Us,x\r\n2,b,c", []csvRow{{1, []string{"1", `"Us`, "x"}}, {2, []string{"2", "b", "c"}}}},
	} {
		got, err := rowsOf(c.data)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.reason, err, diff)
		}
	}
}

// A title that is partly in quotes must not swallow the next book. In a lax reader the
// title of book 1 ended in the row of book 2.
func TestParseMetadataLosesNoRow(t *testing.T) {
	books, err := parseMetadata([]byte("1,\"Us\" and them,1890,u\n2,\"x\",1891,u\n"))
	want := map[int]Book{1: {1, `"Us" and them`, 1890, "u"}, 2: {2, "x", 1891, "u"}}
	if diff := cmp.Diff(want, books); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// Without quotes a row is a line, cut at its commas.
func FuzzReadCSV(f *testing.F) {
	f.Add("a,b\r\n\n\"c\nd\",e\n")
	f.Add("\ufeff1,\"Us\" and them,x\n2,\"b\",c")
	f.Add("\"\n\"a\n\"\"\n,\"")
	f.Fuzz(func(t *testing.T, data string) {
		rows, err := rowsOf(data)
		if err != nil {
			return
		}
		last := 0
		for _, row := range rows {
			if row.Line <= last {
				t.Errorf("line %d after line %d", row.Line, last)
			}
			last = row.Line
		}
		if strings.ContainsAny(data, "\"\r") {
			return
		}
		i := 0
		for n, line := range strings.Split(strings.TrimPrefix(data, "\ufeff"), "\n") {
			if strings.TrimSpace(line) == "" {
				continue
			}
			if i == len(rows) {
				t.Fatalf("line %d, %q, is lost", n+1, line)
			}
			if diff := cmp.Diff(csvRow{n + 1, strings.Split(line, ",")}, rows[i]); diff != "" {
				t.Error(diff)
			}
			i++
		}
	})
}
