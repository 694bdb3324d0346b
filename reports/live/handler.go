package live

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"infinibench/internal/finite"
	"infinibench/reports"
	"infinibench/reports/table"
)

//go:embed page
var pageFiles embed.FS

// Handler serves the run: a page at /, the State that it polls at /state.json, and the cards
// of the claims at /cards.html, which it asks for when there are other results.
// It serves nothing else and no file from disk, and rejects requests whose Host header does
// not name this machine.
func (w *Watch) Handler() (http.Handler, error) {
	page, policy, err := w.page()
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch {
		case !loopback(r.Host):
			http.Error(rw, "This page is for the machine it runs on: open it as localhost.", http.StatusForbidden)
		case r.URL.Path != "/" && r.URL.Path != "/state.json" && r.URL.Path != "/cards.html":
			http.Error(rw, "There is nothing here but /, /state.json and /cards.html.", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(rw, "This page is for reading.", http.StatusMethodNotAllowed)
		case r.URL.Path == "/":
			h.Set("Content-Type", "text/html; charset=utf-8")
			rw.Write(page)
		case r.URL.Path == "/cards.html":
			html, version, err := w.Cards()
			if err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
			h.Set("Content-Type", "text/html; charset=utf-8")
			h.Set("X-Results", version)
			io.WriteString(rw, html)
		default:
			body, err := finite.Marshal(w.State())
			if err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
			h.Set("Content-Type", "application/json")
			rw.Write(body)
		}
	}), nil
}

// loopback reports whether a Host header is localhost or a loopback address. A foreign page
// can make its own host name resolve to this machine (DNS rebinding), but not these names.
// Any port is allowed, since an ssh tunnel may use another one.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.IsLoopback()
}

// page returns the page, which never changes, and its Content-Security-Policy: only the
// page's own script and style, and no other host.
func (w *Watch) page() (page []byte, policy string, err error) {
	css, err := reports.Stylesheet()
	if err != nil {
		return nil, "", err
	}
	files := map[string]string{}
	for _, name := range []string{"live.css", "live.js", "live.gohtml"} {
		raw, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return nil, "", err
		}
		files[name] = string(raw)
	}
	css += files["live.css"]
	t, err := template.New("live").Parse(files["live.gohtml"])
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Profile string
		CSS     template.CSS
		Script  template.JS
	}{table.Clean(w.profile), template.CSS(css), template.JS(files["live.js"])})
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	policy = "default-src 'none'; script-src " + hash(files["live.js"]) + "; style-src " + hash(css) +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return out.Bytes(), policy, err
}
