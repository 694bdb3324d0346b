package live

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"infinibench/internal/results"
	"infinibench/internal/seal"
)

func handler(t *testing.T, d *runDir) http.Handler {
	t.Helper()
	h, err := d.watch().Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks a handler as a browser would.
func get(h http.Handler, method, host, path string) (*http.Response, string) {
	r := httptest.NewRequest(method, "http://x/", nil)
	r.Host, r.URL.Path = host, path
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return w.Result(), string(body)
}

func TestHandler(t *testing.T) {
	d := halfway(t)
	h := handler(t, d)
	const here = "127.0.0.1:8080"
	tests := []struct {
		reason, method, host, path string
		code                       int
	}{
		{"the page", "GET", here, "/", 200},
		{"the state", "GET", here, "/state.json", 200},
		{"its head", "HEAD", here, "/state.json", 200},
		{"the cards", "GET", here, "/cards.html", 200},
		{"the cards, of a strange page", "GET", "evil.example:8080", "/cards.html", 403},
		{"by name", "GET", "localhost:8080", "/", 200},
		{"names have no case", "GET", "LocalHost", "/", 200},
		{"IPv6", "GET", "[::1]:8080", "/", 200},
		{"IPv6 without a port", "GET", "[::1]", "/", 200},
		{"another port, of an ssh tunnel", "GET", "127.0.0.1:9", "/", 200},
		{"a name that somebody lets lead here", "GET", "evil.example:8080", "/state.json", 403},
		{"one that begins like ours", "GET", "127.0.0.1.evil.example", "/", 403},
		{"another", "GET", "localhost.evil.example:8080", "/", 403},
		{"another machine's address", "GET", "192.168.0.7:8080", "/", 403},
		{"any address", "GET", "0.0.0.0:8080", "/", 403},
		{"no name", "GET", "", "/", 403},
		{"writing", "POST", here, "/state.json", 405},
		{"deleting", "DELETE", here, "/", 405},
		{"what a strange page asks before it writes", "OPTIONS", here, "/state.json", 405},
		{"a file of the run", "GET", here, "/plan.json", 404},
		{"a file of the machine", "GET", here, "/../../../etc/passwd", 404},
		{"the same, escaped", "GET", here, "/..%2f..%2fetc%2fpasswd", 404},
		{"below the state", "GET", here, "/state.json/..", 404},
		{"nothing", "GET", here, "", 404},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			r, body := get(h, test.method, test.host, test.path)
			if r.StatusCode != test.code {
				t.Errorf("%d, want %d: %s", r.StatusCode, test.code, body)
			}
			for key, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "",
			} {
				if got := r.Header.Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
			if policy := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") ||
				strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("policy %q", policy)
			}
			if test.code != 200 && strings.Contains(body, "novel") {
				t.Errorf("a refusal tells: %s", body)
			}
		})
	}
	if r, _ := get(h, "POST", here, "/"); r.Header.Get("Allow") != "GET, HEAD" {
		t.Error("it does not say what is allowed")
	}
}

// The policy allows the page's own script and style, and the page requests nothing from other
// hosts.
func TestPage(t *testing.T) {
	d := newRunDir(t)
	w := NewWatch(d.path, `</title><script>owned()</script>`)
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r, body := get(h, "GET", "localhost", "/")
	for _, tag := range []string{"script", "style"} {
		parts := regexp.MustCompile("(?s)<"+tag+">(.*?)</"+tag+">").FindAllStringSubmatch(body, -1)
		if len(parts) != 1 {
			t.Fatalf("%d of <%s>, want 1", len(parts), tag)
		}
		sum := sha256.Sum256([]byte(parts[0][1]))
		want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if policy := r.Header.Get("Content-Security-Policy"); !strings.Contains(policy, want) {
			t.Errorf("%s lacks %s", policy, want)
		}
	}
	if found := regexp.MustCompile(`(https?:)?//[a-z0-9.-]+\.[a-z]`).FindString(strings.ReplaceAll(body, "http://www.w3.org/2000/svg", "")); found != "" {
		t.Errorf("the page leads to %s", found)
	}
	if !strings.Contains(body, "<title>Run of &lt;/title&gt;&lt;script&gt;") {
		t.Error("the profile's name is not escaped")
	}
}

func TestStateAsJSON(t *testing.T) {
	r, body := get(handler(t, halfway(t)), "GET", "localhost", "/state.json")
	var s State
	if err := json.Unmarshal([]byte(body), &s); err != nil || r.Header.Get("Content-Type") != "application/json" {
		t.Fatal(err, r.Header)
	}
	if s.Total != 4 || s.Done != 1 || len(s.Cells) != 4 || len(s.Charts[0].Curves) != 2 {
		t.Errorf("%s", body)
	}
	// A list is never null, which a script would stumble over.
	_, body = get(handler(t, newRunDir(t)), "GET", "localhost", "/state.json")
	for _, want := range []string{`"cells":[]`, `"charts":[]`, `"warnings":[]`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
}

// resealed is an object with a right checksum, or the bytes as they are.
func resealed(raw []byte) []byte {
	var v any
	if json.Unmarshal(raw, &v) == nil {
		if data, err := seal.Line(v); err == nil {
			return data
		}
	}
	return raw
}

func fuzzState(t *testing.T, dir string, plan, log, timing, result []byte, owner string) {
	key := results.Cell{Experiment: "perplexity", Model: "m", Length: 4}.Key()
	if err := os.MkdirAll(filepath.Join(dir, key), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"plan.json": resealed(plan), ".owner/T/owner.json": []byte(owner), key + "/.owner/T/owner.json": []byte(owner), key + "/config.yaml": []byte("# sha256 of the lines above: a\n"),
		key + "/metrics.jsonl": append(resealed(log), resealed(log)...), key + "/timing.json": resealed(timing), key + "/result.json": resealed(result),
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	s := NewWatch(dir, "x").State()
	if _, err := json.Marshal(s); err != nil {
		t.Fatal(err)
	}
	if s.Share != nil && !(*s.Share >= 0 && *s.Share <= 1) {
		t.Errorf("share %v", *s.Share)
	}
	if s.Left != nil && *s.Left < 0 {
		t.Errorf("%v seconds left", *s.Left)
	}
}
