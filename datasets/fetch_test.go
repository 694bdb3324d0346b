package datasets

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/download"
)

// fakeStore answers like Google Cloud Storage and the Hugging Face hub, with two
// entries per page of a listing.
type fakeStore struct {
	*httptest.Server
	objects map[string]string // name -> contents
	listed  map[string]string // what the listing makes of an object: contents to hash, when not its own
	nextURL string            // the hub's next page, when not its own

	// trouble may answer a transfer in place of the store; try counts from 1.
	trouble func(w http.ResponseWriter, r *http.Request, name string, try int) (answered bool)

	mu   sync.Mutex
	gets []string // transfers in order: name, and the range if one was asked for
}

func newFakeStore(t *testing.T, objects map[string]string) *fakeStore {
	s := &fakeStore{objects: objects, listed: make(map[string]string)}
	const tree = "/api/datasets/hoskinson-center/proof-pile/tree/490b980249446f2f3bd2df3a8cf085d0f2de240a/"
	const resolve = "/datasets/hoskinson-center/proof-pile/resolve/490b980249446f2f3bd2df3a8cf085d0f2de240a/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /storage/v1/b/deepmind-gutenberg/o", s.listBucket)
	mux.HandleFunc("GET /deepmind-gutenberg/{name...}", s.serve)
	mux.HandleFunc("GET "+tree+"{folder}", s.listTree)
	mux.HandleFunc("GET "+resolve+"{name...}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/cdn/"+r.PathValue("name"), http.StatusFound)
	})
	mux.HandleFunc("GET /cdn/{name...}", s.serve)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// fetcher returns a fetcher that knows only this store and does not wait between tries.
func (s *fakeStore) fetcher() *fetcher {
	client := s.Client()
	client.CheckRedirect = download.Secure
	return &fetcher{storage: s.URL, hub: s.URL, Client: &download.Client{HTTP: client, Pause: time.Microsecond, Stall: time.Minute}}
}

// page returns up to two names from the given start, and where the next page
// starts, 0 for the last one.
func (s *fakeStore) page(prefix, start string) (names []string, next int) {
	for name := range s.objects {
		// Names outside the folder are listed regardless of the request.
		if strings.HasPrefix(name, prefix) || !filepath.IsLocal(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	from, _ := strconv.Atoi(start)
	if names = names[from:]; len(names) > 2 {
		return names[:2], from + 2
	}
	return names, 0
}

func (s *fakeStore) contents(name string) string {
	if listed, ok := s.listed[name]; ok {
		return listed
	}
	return s.objects[name]
}

func (s *fakeStore) listBucket(w http.ResponseWriter, r *http.Request) {
	names, next := s.page(r.FormValue("prefix"), r.FormValue("pageToken"))
	type item map[string]string
	page := struct {
		Items []item `json:"items,omitempty"`
		Next  string `json:"nextPageToken,omitempty"`
	}{}
	for _, name := range names {
		sum := md5.Sum([]byte(s.contents(name)))
		page.Items = append(page.Items, item{
			"name": name, "size": strconv.Itoa(len(s.contents(name))), "md5Hash": base64.StdEncoding.EncodeToString(sum[:]),
		})
	}
	if next > 0 {
		page.Next = strconv.Itoa(next)
	}
	json.NewEncoder(w).Encode(page)
}

func (s *fakeStore) listTree(w http.ResponseWriter, r *http.Request) {
	folder := r.PathValue("folder")
	names, next := s.page(folder+"/", r.FormValue("cursor"))
	page := []map[string]any{{"type": "directory", "oid": "x", "size": 0, "path": folder + "/more"}}
	for _, name := range names {
		page = append(page, map[string]any{"type": "file", "oid": "x", "size": 134, "path": name,
			"lfs": map[string]any{"oid": hexSHA256(s.contents(name)), "size": len(s.contents(name)), "pointerSize": 134}})
	}
	switch {
	case s.nextURL != "":
		w.Header().Set("Link", "<"+s.nextURL+`>; rel="next"`)
	case next > 0:
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?cursor=%d>; rel="next"`, s.URL, r.URL.Path, next))
	}
	json.NewEncoder(w).Encode(page)
}

func (s *fakeStore) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	try := 1
	for _, get := range s.gets {
		if got, _, _ := strings.Cut(get, " "); got == name {
			try++
		}
	}
	s.gets = append(s.gets, strings.TrimSpace(name+" "+r.Header.Get("Range")))
	s.mu.Unlock()
	if s.trouble != nil && s.trouble(w, r, name, try) {
		return
	}
	http.ServeContent(w, r, name, time.Time{}, strings.NewReader(s.objects[name]))
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// filesBelow reads a folder back.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func pg19Objects() map[string]string {
	return map[string]string{
		"metadata.csv": "1,A,1900,u\n2,B,1900,u\n3,C,1900,u\n4,D,1900,u\n5,E,1900,u\n",
		"test/":        "", "test/1.txt": "one", "test/2.txt": "two", "test/3.txt": "three",
		"validation/4.txt": strings.Repeat("four ", 10_000), "train/5.txt": "five",
	}
}

func TestFetchPG19(t *testing.T) {
	store := newFakeStore(t, pg19Objects())
	dir := filepath.Join(t.TempDir(), "data", "pg19")
	var last FetchProgress
	if err := store.fetcher().fetch(t.Context(), "pg19", dir, "", func(p FetchProgress) { last = p }); err != nil {
		t.Fatal(err)
	}
	want := pg19Objects()
	delete(want, "train/5.txt") // not unless asked for
	delete(want, "test/")
	var sums strings.Builder
	for _, name := range slices.Sorted(maps.Keys(want)) {
		fmt.Fprintf(&sums, "%s  %s\n", hexSHA256(want[name]), name)
	}
	want[sumsFile] = sums.String()
	if diff := cmp.Diff(want, filesBelow(t, dir)); diff != "" {
		t.Error(diff)
	}
	// 11 bytes a row of metadata, "one", "two", "three", 50,000 of "four ".
	last.File = ""
	if want := (FetchProgress{Files: 5, TotalFiles: 5, Bytes: 55 + 11 + 50_000, TotalBytes: 55 + 11 + 50_000}); last != want {
		t.Errorf("progress ended at %+v, want %+v", last, want)
	}

	// The loader and the check take it as it is.
	p, err := OpenPG19(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Verify(p, nil); err != nil || !r.OK() || r.Sums == nil || r.Sums.Matching != 5 {
		t.Errorf("verify: %+v, %v", r, err)
	}

	// A second run finds everything; a further split is added to the list.
	store.gets = nil
	if err := store.fetcher().fetch(t.Context(), "pg19", dir, Train, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"train/5.txt"}, store.gets); diff != "" {
		t.Error(diff)
	}
	got, err := readSums(filepath.Join(dir, sumsFile))
	if err != nil || len(got) != 6 || got["train/5.txt"] != hexSHA256("five") {
		t.Errorf("sums %v, %v", got, err)
	}
}

func TestFetchArxivMath(t *testing.T) {
	objects := map[string]string{
		"dev/proofpile_dev.jsonl.gz": gzipped(t, proofPileLines), "dev/README.md": "not data",
		"test/proofpile_test.jsonl.gz": gzipped(t, proofPileLines), "train/proofpile_train_0.jsonl.gz": "",
		"dev/a": "", "dev/b": "", // so that the data is on the second page
	}
	store := newFakeStore(t, objects)
	dir := t.TempDir()
	if err := store.fetcher().fetch(t.Context(), "arxiv-math", dir, "", nil); err != nil {
		t.Fatal(err)
	}
	a, err := OpenArxivMath(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Len(Train) != 0 || a.Len(Validation) != 3 || a.Len(Test) != 3 {
		t.Errorf("%d, %d, %d papers", a.Len(Train), a.Len(Validation), a.Len(Test))
	}
	if r, err := Verify(a, nil); err != nil || !r.OK() || r.Sums == nil || r.Sums.Matching != 2 || len(r.Sums.Unlisted) != 0 {
		t.Errorf("verify: %+v, %v", r, err)
	}
}

func TestFetchRefusesListings(t *testing.T) {
	tests := []struct {
		reason, corpus string
		split          Split
		change         func(s *fakeStore)
		err            string // URL is replaced by the address of the store
	}{
		{"up", "pg19", "", func(s *fakeStore) { s.objects["../evil.txt"] = "x" },
			`fetch pg19: the listing names "../evil.txt", which leaves the folder of the corpus`},
		{"down and up", "pg19", "", func(s *fakeStore) { s.objects["test/../../evil.txt"] = "x" },
			`fetch pg19: the listing names "test/../../evil.txt", which leaves the folder of the corpus`},
		{"absolute", "pg19", "", func(s *fakeStore) { s.objects["/tmp/evil.txt"] = "x" },
			`fetch pg19: the listing names "/tmp/evil.txt", which leaves the folder of the corpus`},
		{"backslash", "pg19", "", func(s *fakeStore) { s.objects[`test/..\..\evil.txt`] = "x" },
			`fetch pg19: the listing names "test/..\\..\\evil.txt", which leaves the folder of the corpus`},
		{"up, on the hub", "arxiv-math", Test, func(s *fakeStore) { s.objects["../evil.jsonl"] = "x" },
			`fetch arxiv-math: the listing names "../evil.jsonl", which leaves the folder of the corpus`},
		{"elsewhere", "arxiv-math", Test, func(s *fakeStore) {
			s.objects["test/a.jsonl"] = "x"
			s.nextURL = "http://elsewhere.invalid/x"
		}, `fetch arxiv-math: the listing continues at "http://elsewhere.invalid/x", which is not the hub`},
		{"empty split", "pg19", Train, func(s *fakeStore) { delete(s.objects, "train/5.txt") },
			`fetch pg19: the listing has no files under "train/"`},
		{"unknown split", "pg19", "dev", func(*fakeStore) {},
			`fetch pg19: no split "dev"; there are train, validation and test`},
		{"unknown corpus", "novel", "", func(*fakeStore) {},
			`fetch novel: nothing to download for "novel"; what can be downloaded: pg19, arxiv-math`},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			store := newFakeStore(t, pg19Objects())
			test.change(store)
			dir := t.TempDir()
			err := store.fetcher().fetch(t.Context(), test.corpus, dir, test.split, nil)
			wantError(t, err, test.err, "")
			if left := filesBelow(t, dir); len(left) > 0 || len(store.gets) > 0 {
				t.Errorf("files %v, transfers %v", left, store.gets)
			}
		})
	}
}

func TestRemoteFileCheck(t *testing.T) {
	wantError(t, checkListed(download.File{Name: "a.txt"}), "the listing gives no hash for a.txt", "")
	wantError(t, checkListed(download.File{Name: "a.txt", MD5: "x", Size: -1}), "the listing gives -1 bytes for a.txt", "")
}

// A listing that fails temporarily is requested again; one that is not JSON is not.
func TestFetchListingTrouble(t *testing.T) {
	tries := 0
	answer := func(w http.ResponseWriter) { http.Error(w, "busy", http.StatusServiceUnavailable) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tries++; answer(w) }))
	defer server.Close()
	f := &fetcher{storage: server.URL, Client: &download.Client{HTTP: server.Client(), Pause: time.Microsecond, Stall: time.Minute}}

	address := server.URL + "/storage/v1/b/deepmind-gutenberg/o?fields=nextPageToken%2Citems%28name%2Csize%2Cmd5Hash%29&maxResults=1000&prefix=metadata.csv"
	err := f.fetch(t.Context(), "pg19", t.TempDir(), Test, nil)
	wantError(t, err, "fetch pg19: gave up after 5 tries: "+address+": the server says 503 Service Unavailable", "")
	if tries != 5 {
		t.Errorf("%d tries", tries)
	}
	tries, answer = 0, func(w http.ResponseWriter) { w.Write([]byte("<html>")) }
	err = f.fetch(t.Context(), "pg19", t.TempDir(), Test, nil)
	wantError(t, err, "fetch pg19: "+address+": not a listing: line 1, column 1: invalid character '<' at start of value", "")
	if tries != 1 {
		t.Errorf("%d tries", tries)
	}
}

// A stopped run keeps what it has, and the next one resumes from there.
func TestFetchCancel(t *testing.T) {
	store := newFakeStore(t, pg19Objects())
	book := store.objects["validation/4.txt"]
	half := len(book) / 2
	store.trouble = func(w http.ResponseWriter, r *http.Request, name string, try int) bool {
		if name != "validation/4.txt" || try > 1 {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(book)))
		w.Write([]byte(book[:half]))
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the client goes away
		return true
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := store.fetcher().fetch(ctx, "pg19", dir, Validation, func(p FetchProgress) {
		if p.Files == 1 && p.Bytes == int64(len(store.objects["metadata.csv"])+half) {
			cancel()
		}
	})
	wantError(t, err, "fetch pg19: stopped; run it again to resume: context canceled", "")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
	want := map[string]string{
		"metadata.csv": store.objects["metadata.csv"], "validation/4.txt.part": book[:half],
		sumsFile: hexSHA256(store.objects["metadata.csv"]) + "  metadata.csv\n",
	}
	if diff := cmp.Diff(want, filesBelow(t, dir)); diff != "" {
		t.Error(diff)
	}

	store.gets, store.trouble = nil, nil
	if err := store.fetcher().fetch(t.Context(), "pg19", dir, Validation, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("validation/4.txt bytes=%d-", half)}, store.gets); diff != "" {
		t.Error(diff)
	}
	if files := filesBelow(t, dir); files["validation/4.txt"] != book || len(files) != 3 {
		t.Errorf("%d files, book of %d bytes", len(files), len(files["validation/4.txt"]))
	}
}

// The files that did arrive are in SHA256SUMS even when another failed.
func TestFetchRecordsBeforeFailure(t *testing.T) {
	store := newFakeStore(t, pg19Objects())
	store.trouble = func(w http.ResponseWriter, _ *http.Request, name string, _ int) bool {
		if name == "test/3.txt" {
			http.NotFound(w, nil)
		}
		return name == "test/3.txt"
	}
	dir := t.TempDir()
	err := store.fetcher().fetch(t.Context(), "pg19", dir, Test, nil)
	wantError(t, err, "fetch pg19: test/3.txt: "+store.URL+"/deepmind-gutenberg/test/3.txt: the server says 404 Not Found", "")
	files := filesBelow(t, dir)
	for name, text := range files {
		if name != sumsFile && !strings.HasSuffix(name, ".part") && !strings.Contains(files[sumsFile], hexSHA256(text)+"  "+name+"\n") {
			t.Errorf("%s is not in SHA256SUMS:\n%s", name, files[sumsFile])
		}
	}
}

// Uses the public addresses without contacting them.
func TestFetchWithoutNetwork(t *testing.T) {
	dir := t.TempDir()
	err := Fetch(t.Context(), "novel", dir, "", nil)
	wantError(t, err, `fetch novel: nothing to download for "novel"; what can be downloaded: pg19, arxiv-math`, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = Fetch(ctx, "pg19", dir, Test, nil)
	wantError(t, err, "fetch pg19: context canceled", "")
}
