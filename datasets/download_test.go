package datasets

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/download"
)

// bookText is what the store has; bookName is its name.
const (
	bookName = "test/7.txt"
	bookText = "Call me Ishmael. Some years ago"
)

func hexMD5(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestDownload(t *testing.T) {
	// cut sends n bytes of what was asked for and breaks the connection.
	cut := func(w http.ResponseWriter, r *http.Request, n int) {
		from := 0
		if after, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
			from, _ = strconv.Atoi(strings.TrimSuffix(after, "-"))
			w.Header().Set("Content-Range", "bytes "+after+strconv.Itoa(len(bookText)-1)+"/"+strconv.Itoa(len(bookText)))
			w.Header().Set("Content-Length", strconv.Itoa(len(bookText)-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", strconv.Itoa(len(bookText)))
		}
		w.Write([]byte(bookText[from : from+n]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	type trouble = func(w http.ResponseWriter, r *http.Request, name string, try int) bool
	tests := []struct {
		reason  string
		there   map[string]string // before
		trouble trouble
		md5     string   // in the listing, if not bookText's
		gets    []string // transfers: the range of each, or "all"
		err     string   // URL and DIR are replaced
		left    map[string]string
	}{
		{reason: "new", gets: []string{"all"}},
		{reason: "there", there: map[string]string{bookName: bookText}},
		{reason: "other contents there", there: map[string]string{bookName: "mine"},
			err:  "DIR/test/7.txt is not the published file: it has 4 bytes, the listing 31; move it away and fetch again",
			left: map[string]string{bookName: "mine"}},
		{reason: "other contents of the same length there", there: map[string]string{bookName: strings.ToUpper(bookText)},
			err: "DIR/test/7.txt is not the published file: its MD5 is " + hexMD5(strings.ToUpper(bookText)) +
				", in the listing " + hexMD5(bookText) + "; move it away and fetch again",
			left: map[string]string{bookName: strings.ToUpper(bookText)}},
		{reason: "part", there: map[string]string{bookName + ".part": bookText[:10]}, gets: []string{"bytes=10-"}},
		{reason: "whole part", there: map[string]string{bookName + ".part": bookText}},
		{reason: "part of another file", there: map[string]string{bookName + ".part": "Call you"}, gets: []string{"bytes=8-", "all"}},
		{reason: "part too long", there: map[string]string{bookName + ".part": bookText + "!"}, gets: []string{"all"}},
		{reason: "server without ranges", there: map[string]string{bookName + ".part": bookText[:10]},
			trouble: func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
				w.Write([]byte(bookText))
				return true
			}, gets: []string{"bytes=10-"}},
		{reason: "range refused", there: map[string]string{bookName + ".part": bookText[:10]},
			trouble: func(w http.ResponseWriter, _ *http.Request, _ string, try int) bool {
				if try == 1 {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				}
				return try == 1
			}, gets: []string{"bytes=10-", "all"}},
		{reason: "another range", there: map[string]string{bookName + ".part": bookText[:10]},
			trouble: func(w http.ResponseWriter, _ *http.Request, _ string, try int) bool {
				if try == 1 {
					w.Header().Set("Content-Range", "bytes 3-30/31")
					w.WriteHeader(http.StatusPartialContent)
					w.Write([]byte(bookText[3:]))
				}
				return try == 1
			}, gets: []string{"bytes=10-", "all"}},
		{reason: "busy, then broken off twice",
			trouble: func(w http.ResponseWriter, r *http.Request, _ string, try int) bool {
				switch try {
				case 1:
					http.Error(w, "busy", http.StatusTooManyRequests)
				case 2:
					cut(w, r, 5)
				case 3:
					cut(w, r, 7)
				}
				return try <= 3
			}, gets: []string{"all", "all", "bytes=5-", "bytes=12-"}},
		{reason: "always broken off",
			trouble: func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
				cut(w, r, 2)
				return true
			}, gets: []string{"all", "bytes=2-", "bytes=4-", "bytes=6-", "bytes=8-"},
			err:  "gave up after 5 tries: URL/deepmind-gutenberg/test/7.txt: broke off at byte 10 of 31: unexpected EOF",
			left: map[string]string{bookName + ".part": bookText[:10]}},
		{reason: "shorter than listed",
			trouble: func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
				if r.Header.Get("Range") == "" {
					w.Write([]byte(bookText[:30]))
				} else {
					w.Header().Set("Content-Range", "bytes 30-30/31")
					w.WriteHeader(http.StatusPartialContent)
				}
				return true
			}, gets: []string{"all", "bytes=30-", "bytes=30-", "bytes=30-", "bytes=30-"},
			err:  "gave up after 5 tries: URL/deepmind-gutenberg/test/7.txt: ended at byte 30 of 31",
			left: map[string]string{bookName + ".part": bookText[:30]}},
		{reason: "longer than listed",
			trouble: func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
				w.Write([]byte(bookText + bookText))
				return true
			}, gets: []string{"all"},
			err:  "URL/deepmind-gutenberg/test/7.txt: longer than the 31 bytes of the listing",
			left: map[string]string{bookName + ".part": ""}},
		{reason: "other hash than listed", md5: hexMD5("else"), gets: []string{"all"},
			err: "its MD5 is " + hexMD5(bookText) + ", in the listing " + hexMD5("else"), left: map[string]string{}},
		{reason: "not found",
			trouble: func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
				http.NotFound(w, r)
				return true
			}, gets: []string{"all"},
			err:  "URL/deepmind-gutenberg/test/7.txt: the server says 404 Not Found",
			left: map[string]string{bookName + ".part": ""}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			store := newFakeStore(t, map[string]string{bookName: bookText})
			store.trouble = test.trouble
			file := download.File{Name: bookName, URL: store.URL + "/deepmind-gutenberg/" + bookName, Size: int64(len(bookText)), MD5: hexMD5(bookText)}
			if test.md5 != "" {
				file.MD5 = test.md5
			}
			dir := writeTree(t, test.there)
			have := int64(0)
			sum, err := store.fetcher().Client.Fetch(t.Context(), dir, file, func(n int64) { have = n })
			if test.err != "" {
				wantError(t, err, strings.ReplaceAll(test.err, "URL", store.URL), dir)
			} else if err != nil || sum != hexSHA256(bookText) || have != file.Size {
				t.Errorf("sum %q, error %v, %d bytes of %d", sum, err, have, file.Size)
			}
			left := test.left
			if test.err == "" {
				left = map[string]string{bookName: bookText}
			}
			if diff := cmp.Diff(left, filesBelow(t, dir)); diff != "" {
				t.Error(diff)
			}
			var gets []string
			for _, ranged := range test.gets {
				gets = append(gets, strings.TrimSuffix(bookName+" "+ranged, " all"))
			}
			if diff := cmp.Diff(gets, store.gets); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A server that goes silent does not block the program forever.
func TestDownloadStalls(t *testing.T) {
	store := newFakeStore(t, map[string]string{bookName: bookText})
	store.trouble = func(w http.ResponseWriter, r *http.Request, _ string, try int) bool {
		if try > 2 {
			return false
		}
		if try == 2 { // once before the headers, once after
			w.Header().Set("Content-Length", strconv.Itoa(len(bookText)))
			w.Write([]byte(bookText[:4]))
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
		return true
	}
	f := store.fetcher()
	f.Stall = 100 * time.Millisecond
	file := download.File{Name: bookName, URL: store.URL + "/deepmind-gutenberg/" + bookName, Size: int64(len(bookText)), SHA256: strings.ToUpper(hexSHA256(bookText))}
	dir := t.TempDir()
	if _, err := f.Client.Fetch(t.Context(), dir, file, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	// On a busy machine a later try may stall too; it is retried the same way.
	if diff := cmp.Diff([]string{bookName, bookName, bookName + " bytes=4-"}, store.gets[:min(3, len(store.gets))]); diff != "" {
		t.Error(diff)
	}
}

// A full disk or a read-only folder is not retried.
func TestDownloadCannotWrite(t *testing.T) {
	store := newFakeStore(t, map[string]string{bookName: bookText})
	dir := writeTree(t, map[string]string{bookName + ".part/": ""})
	file := download.File{Name: bookName, URL: store.URL + "/deepmind-gutenberg/" + bookName, Size: 31, MD5: "x"}
	_, err := store.fetcher().Client.Fetch(t.Context(), dir, file, func(int64) {})
	wantError(t, err, "DIR: is a directory", filepath.Join(dir, bookName+".part"))
	if len(store.gets) > 0 {
		t.Errorf("transfers %v", store.gets)
	}
	if _, err := os.Stat(filepath.Join(dir, bookName)); err == nil {
		t.Error("the file is there")
	}
}
