package datasets

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"infinibench/internal/download"
)

// TestListingFormats tries the row of docs/formats.md that takes a server.
func TestListingFormats(t *testing.T) {
	page, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	const row = "| listings of the download servers | same | refused | same | same | same | refused | refused | refused | refused | refused |"
	if !strings.Contains(string(page), row) {
		t.Fatalf("docs/formats.md lacks the row %s", row)
	}
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }))
	defer server.Close()
	f := &fetcher{storage: server.URL, Client: &download.Client{HTTP: server.Client(), Pause: time.Microsecond, Stall: time.Minute}}
	const good = `{"items": [{"name": "metadata.csv", "size": "3", "md5Hash": "kAFQmDzST7DWlj99KOF/cg=="}]}` + "\n" // MD5 of "abc", RFC 1321
	for _, same := range []string{good, "\ufeff" + good, strings.ReplaceAll(good, "\n", "\r\n"), good + "\n \n", strings.TrimSpace(good)} {
		body = same
		files, err := f.listBucket(t.Context(), "metadata.csv")
		if err != nil || len(files) != 1 || files[0].Name != "metadata.csv" || files[0].Size != 3 || files[0].MD5 != "900150983cd24fb0d6963f7d28e17f72" {
			t.Errorf("%q: got %+v, %v", same, files, err)
		}
	}
	for _, refused := range []string{
		"\xff\xfe{\x00", strings.Replace(good, "metadata", "\xe9", 1), strings.Replace(good, "metadata", `\udce9`, 1),
		strings.Replace(good, `"size"`, `"Size"`, 1), strings.Replace(good, `"size"`, `"size": "4", "size"`, 1), "# x\n" + good,
	} {
		body = refused
		if files, err := f.listBucket(t.Context(), "metadata.csv"); err == nil {
			t.Errorf("%q: got %+v", refused, files)
		}
	}
}
