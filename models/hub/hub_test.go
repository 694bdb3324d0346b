package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	commit = "0123456789abcdef0123456789abcdef01234567"
	secret = "hf_secret"

	smallConfig = `{"model_type": "llama", "vocab_size": 10, "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2}`
)

// fakeHub answers as the public hub does: small files itself, with git's hash, large ones by
// redirecting to another host, with the SHA-256 in its own answer.
type fakeHub struct {
	*httptest.Server
	store *httptest.Server // of the large files
	files map[string]string
	gated bool // only for the token
	// answer may replace the hub's, and transfer the store's.
	answer   func(w http.ResponseWriter, r *http.Request, name string) bool
	transfer func(w http.ResponseWriter, r *http.Request, name string) bool

	mu     sync.Mutex
	asked  []string // requests in order: method, revision, name and range
	leaked []string // credentials that the store was sent
}

func newFakeHub(t *testing.T, files map[string]string) *fakeHub {
	h := &fakeHub{files: files}
	hub := http.NewServeMux()
	hub.HandleFunc("/owner/small/resolve/{revision}/{name}", h.serve)
	hub.HandleFunc("/old/small/resolve/{revision}/{name}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(r.URL.Path, "/old/", "/owner/", 1), http.StatusTemporaryRedirect)
	})
	hub.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Error-Code", "RepoNotFound")
		w.WriteHeader(http.StatusNotFound)
	})
	h.Server = httptest.NewServer(hub)
	store := http.NewServeMux()
	store.HandleFunc("/store/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		h.note("store", r, name)
		if a := r.Header.Get("Authorization"); a != "" {
			h.leaked = append(h.leaked, a)
		}
		if h.transfer == nil || !h.transfer(w, r, name) {
			http.ServeContent(w, r, name, time.Time{}, strings.NewReader(h.files[name]))
		}
	})
	h.store = httptest.NewServer(store)
	t.Cleanup(h.Close)
	t.Cleanup(h.store.Close)
	return h
}

func (h *fakeHub) note(where string, r *http.Request, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, strings.TrimSpace(where+" "+name+" "+r.Header.Get("Range")))
}

func (h *fakeHub) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	h.note(r.Method+" "+r.PathValue("revision")[:4], r, name)
	if h.answer != nil && h.answer(w, r, name) {
		return
	}
	if h.gated && r.Header.Get("Authorization") != "Bearer "+secret {
		w.Header().Set("X-Error-Code", "GatedRepo")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	content, ok := h.files[name]
	if !ok {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	if strings.HasSuffix(name, ".safetensors") {
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		w.Header().Set("X-Linked-Etag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256([]byte(content)))))
		http.Redirect(w, r, h.store.URL+"/store/"+name, http.StatusFound)
		return
	}
	w.Header().Set("Etag", fmt.Sprintf("%q", gitSHA(content)))
	http.ServeContent(w, r, name, time.Time{}, strings.NewReader(content))
}

// gitSHA is what "git hash-object" prints.
func gitSHA(content string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)))
}

// The hash of git's documentation (git-scm.com/book/en/v2/Git-Internals-Git-Objects).
func TestGitSHA(t *testing.T) {
	if got, want := gitSHA("test content\n"), "d670460b4b4aece5915caf5c68d12f560a9fe3e4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// client is a client of the fake that does not wait between tries.
func (h *fakeHub) client(t *testing.T, token string) *Hub {
	t.Helper()
	client, err := New(h.URL+"/", token)
	if err != nil {
		t.Fatal(err)
	}
	client.client.Pause = time.Microsecond
	return client
}

func oneFile() map[string]string {
	return map[string]string{"config.json": smallConfig, "generation_config.json": `{}`, "tokenizer.json": "tokens", "model.safetensors": "some weights", "README.md": "not needed", "pytorch_model.bin": "not needed"}
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

var repository = Repository{"owner/small", "main"}

// The download contains only the files needed, all from the same version as the first.
func TestFetch(t *testing.T) {
	h := newFakeHub(t, oneFile())
	dir := filepath.Join(t.TempDir(), "a", "model")
	var last Progress
	got, err := h.client(t, "").Fetch(t.Context(), repository, dir, func(p Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	want := oneFile()
	delete(want, "README.md")
	delete(want, "pytorch_model.bin")
	if diff := cmp.Diff(want, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&Result{Commit: commit, Files: []string{"config.json", "generation_config.json", "tokenizer.json", "model.safetensors"}, Bytes: int64(len(smallConfig) + 2 + 6 + 12)}, got); diff != "" {
		t.Error(diff)
	}
	if last != (Progress{"model.safetensors", 12, 12}) {
		t.Errorf("the last progress is %+v", last)
	}
	wantAsked := []string{
		"HEAD main config.json", "GET 0123 config.json", "HEAD 0123 generation_config.json", "GET 0123 generation_config.json",
		"HEAD 0123 tokenizer.json", "GET 0123 tokenizer.json", "HEAD 0123 model.safetensors", "GET 0123 model.safetensors", "store model.safetensors",
	}
	if diff := cmp.Diff(wantAsked, h.asked); diff != "" {
		t.Error(diff)
	}
	// Again: everything is there.
	h.asked = nil
	if _, err := h.client(t, "").Fetch(t.Context(), repository, dir, nil); err != nil {
		t.Fatal(err)
	}
	for _, a := range h.asked {
		if !strings.HasPrefix(a, "HEAD ") {
			t.Errorf("%s, though the file was there", a)
		}
	}
}

func TestFetchShards(t *testing.T) {
	files := oneFile()
	delete(files, "model.safetensors")
	delete(files, "generation_config.json")
	files["model.safetensors.index.json"] = `{"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"}}`
	files["model-1.safetensors"], files["model-2.safetensors"], files["model-3.safetensors"] = "one", "two", "not needed"
	h := newFakeHub(t, files)
	dir := t.TempDir()
	if _, err := h.client(t, "").Fetch(t.Context(), repository, dir, nil); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"config.json": smallConfig, "tokenizer.json": "tokens", "model.safetensors.index.json": files["model.safetensors.index.json"], "model-1.safetensors": "one", "model-2.safetensors": "two"}
	if diff := cmp.Diff(want, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// The token goes to the hub, not to the host of the large files, and is in no message.
func TestFetchToken(t *testing.T) {
	h := newFakeHub(t, oneFile())
	h.gated = true
	if _, err := h.client(t, secret+"\n").Fetch(t.Context(), repository, t.TempDir(), nil); err != nil {
		t.Error(err)
	}
	if len(h.leaked) > 0 {
		t.Errorf("the store was sent %q", h.leaked)
	}
	for _, c := range []struct{ token, want string }{
		{"", "owner/small is gated: accept its terms at " + h.URL + "/owner/small, then set HF_TOKEN to a token of your account"},
		{"wrong_token", "owner/small is gated, and the account of HF_TOKEN may not read it: accept its terms at " + h.URL + "/owner/small"},
	} {
		dir := t.TempDir()
		_, err := h.client(t, c.token).Fetch(t.Context(), repository, dir, nil)
		if err == nil || !strings.HasSuffix(err.Error(), ": config.json: "+c.want) || c.token != "" && strings.Contains(err.Error(), c.token) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if left := filesIn(t, dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// No request to another host carries the token.
func TestAuthorize(t *testing.T) {
	h, err := New("https://hub.example.org:8443/mirror", secret)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://hub.example.org:8443/x":     "Bearer " + secret,
		"http://hub.example.org:8443/x":      "",
		"https://hub.example.org/x":          "",
		"https://cdn.hub.example.org:8443/x": "",
	} {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		h.authorize(r)
		if got := r.Header.Get("Authorization"); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// A repository that was renamed is found, with the token.
func TestFetchRenamed(t *testing.T) {
	h := newFakeHub(t, oneFile())
	h.gated = true
	if _, err := h.client(t, secret).Fetch(t.Context(), Repository{"old/small", "main"}, t.TempDir(), nil); err != nil {
		t.Error(err)
	}
}

func TestFetchResumes(t *testing.T) {
	h := newFakeHub(t, oneFile())
	cuts := 0
	h.transfer = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if cuts++; cuts > 2 {
			return false
		}
		from := 0
		if after, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
			from, _ = strconv.Atoi(strings.TrimSuffix(after, "-"))
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-11/12", from))
			w.Header().Set("Content-Length", strconv.Itoa(12-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", "12")
		}
		w.Write([]byte("some weights"[from : from+4]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	dir := t.TempDir()
	if _, err := h.client(t, "").Fetch(t.Context(), repository, dir, nil); err != nil {
		t.Fatal(err)
	}
	if got := filesIn(t, dir)["model.safetensors"]; got != "some weights" {
		t.Errorf("got %q", got)
	}
	var ranges []string
	for _, a := range h.asked {
		if strings.HasPrefix(a, "store") {
			ranges = append(ranges, a)
		}
	}
	if diff := cmp.Diff([]string{"store model.safetensors", "store model.safetensors bytes=4-", "store model.safetensors bytes=8-"}, ranges); diff != "" {
		t.Error(diff)
	}
}

func TestFetchRefuses(t *testing.T) {
	text := func(name, content string) func(*fakeHub) {
		return func(h *fakeHub) { h.files[name] = content }
	}
	without := func(names ...string) func(*fakeHub) {
		return func(h *fakeHub) {
			for _, name := range names {
				delete(h.files, name)
			}
		}
	}
	stating := func(header, value string) func(*fakeHub) {
		return func(h *fakeHub) {
			h.answer = func(w http.ResponseWriter, r *http.Request, name string) bool {
				if name != "model.safetensors" {
					return false
				}
				w.Header().Set("X-Linked-Etag", strings.Repeat("0", 64))
				w.Header().Set("X-Linked-Size", "12")
				w.Header().Set(header, value)
				http.Redirect(w, r, h.store.URL+"/store/"+name, http.StatusFound)
				return true
			}
		}
	}
	for reason, c := range map[string]struct {
		edit       func(*fakeHub)
		repository string
		want       string
		left       string // the last file that is there, of those in order
	}{
		"a wrong hash": {edit: stating("X-Other", ""), left: "tokenizer.json",
			want: fmt.Sprintf("model.safetensors: its SHA-256 is %x, it should be %s", sha256.Sum256([]byte("some weights")), strings.Repeat("0", 64))},
		"a wrong git hash": {left: "generation_config.json", want: "tokenizer.json: its git SHA-1 is " + gitSHA("tokens") + ", it should be " + gitSHA("other"),
			edit: func(h *fakeHub) {
				h.answer = func(w http.ResponseWriter, r *http.Request, name string) bool {
					if name != "tokenizer.json" {
						return false
					}
					w.Header().Set("Etag", `"`+gitSHA("other")+`"`)
					http.ServeContent(w, r, name, time.Time{}, strings.NewReader("tokens"))
					return true
				}
			}},
		"a wrong size":          {edit: stating("X-Linked-Size", "11"), left: "tokenizer.json", want: "longer than the 11 bytes of the listing"},
		"no size":               {edit: stating("X-Linked-Size", "many"), left: "tokenizer.json", want: `model.safetensors: the hub states "many" bytes`},
		"a hash of no kind":     {edit: stating("X-Linked-Etag", `"abc"`), left: "tokenizer.json", want: `model.safetensors: the hub states the hash "abc"`},
		"another host, no hash": {edit: stating("X-Linked-Etag", ""), left: "tokenizer.json", want: "without stating a hash"},
		"a model not supported": {edit: text("config.json", `{"model_type": "gemma3"}`), left: "config.json", want: `config.json: model_type is "gemma3", which is not supported: norms multiply by 1 + w, embeddings by √d, and logits have soft caps`},
		"no config":             {edit: without("config.json"), want: "config.json: the repository has no such file in owner/small@main"},
		"no tokenizer":          {edit: without("tokenizer.json"), left: "generation_config.json", want: "tokenizer.json: the repository has no such file in owner/small@0123456789abcdef0123456789abcdef01234567"},
		"no weights":            {edit: without("model.safetensors"), left: "tokenizer.json", want: "the repository has neither model.safetensors nor model.safetensors.index.json: weights in another format cannot be read"},
		"a shard above": {left: "tokenizer.json", want: `model.safetensors.index.json: weight_map puts tensor "a" into "../x.safetensors", which is not the name of a file in the folder`,
			edit: func(h *fakeHub) {
				delete(h.files, "model.safetensors")
				h.files["model.safetensors.index.json"] = `{"weight_map": {"a": "../x.safetensors"}}`
			}},
		"a missing shard": {left: "tokenizer.json", want: `x.safetensors: the repository has no such file`,
			edit: func(h *fakeHub) {
				delete(h.files, "model.safetensors")
				h.files["model.safetensors.index.json"] = `{"weight_map": {"a": "x.safetensors"}}`
			}},
		"an unknown repository": {repository: "owner/none", want: "there is no owner/none that anybody may read: check the name, or set HF_TOKEN to a token of an account that may"},
		"an unknown revision": {want: `owner/small has no revision "main"`, edit: func(h *fakeHub) {
			h.answer = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
				w.Header().Set("X-Error-Code", "RevisionNotFound")
				w.WriteHeader(http.StatusNotFound)
				return true
			}
		}},
		"a hub that is down": {want: "config.json: gave up after 5 tries: ", edit: func(h *fakeHub) {
			h.answer = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
		}},
	} {
		h := newFakeHub(t, oneFile())
		if c.edit != nil {
			c.edit(h)
		}
		r := repository
		if c.repository != "" {
			r.Name = c.repository
		}
		dir := t.TempDir()
		_, err := h.client(t, "").Fetch(t.Context(), r, dir, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "fetch "+r.Name+"@main: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got  %v\nwant %s", reason, err, c.want)
		}
		left := filesIn(t, dir)
		delete(left, "model.safetensors.part") // to be resumed
		delete(left, "model.safetensors.index.json")
		n := map[string]int{"": 0, "config.json": 1, "generation_config.json": 2, "tokenizer.json": 3}[c.left]
		if len(left) != n {
			t.Errorf("%s: %d files are there, want %d: %v", reason, len(left), n, left)
		}
	}
}

// An unknown repository, with a token that is right for others.
func TestFetchUnknownWithToken(t *testing.T) {
	h := newFakeHub(t, nil)
	_, err := h.client(t, secret).Fetch(t.Context(), Repository{"owner/none", "main"}, t.TempDir(), nil)
	if want := "fetch owner/none@main: config.json: there is no repository owner/none"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A plain file server states no hashes, which the result says.
func TestFetchPlainServer(t *testing.T) {
	h := newFakeHub(t, oneFile())
	h.answer = func(w http.ResponseWriter, r *http.Request, name string) bool {
		content, ok := h.files[name]
		if ok {
			http.ServeContent(w, r, name, time.Time{}, strings.NewReader(content))
		}
		return ok
	}
	got, err := h.client(t, "").Fetch(t.Context(), repository, t.TempDir(), nil)
	if err != nil || len(got.Unchecked) != 4 || got.Commit != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParseRepository(t *testing.T) {
	for text, want := range map[string]Repository{
		"gpt2":                               {"gpt2", "main"},
		"HuggingFaceTB/SmolLM2-135M":         {"HuggingFaceTB/SmolLM2-135M", "main"},
		"TinyLlama/TinyLlama_v1.1@" + commit: {"TinyLlama/TinyLlama_v1.1", commit},
		"a/b@refs/pr/1":                      {"a/b", "refs/pr/1"},
	} {
		if got, err := ParseRepository(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "a/b/c", "../x", "a/..", "a/b@", "a/b@../c", "a b", "https://huggingface.co/a/b", "a/b?x", "a/b@x?y"} {
		if got, err := ParseRepository(text); err == nil {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestNew(t *testing.T) {
	for _, endpoint := range []string{"huggingface.co", "ftp://x", "https://"} {
		if _, err := New(endpoint, ""); err == nil {
			t.Errorf("%q was accepted", endpoint)
		}
	}
	if h, err := New("", ""); err != nil || h.endpoint.String() != "https://huggingface.co" {
		t.Errorf("got %+v, %v", h, err)
	}
}
