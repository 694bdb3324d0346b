package scripts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A link within the repository leads to a file, and to a heading of it if it names one.
func TestDocumentationLinks(t *testing.T) {
	for _, page := range pages(t) {
		text := read(t, page)
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(link[1], "https://") {
				continue
			}
			file, heading, _ := strings.Cut(link[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s: %v", page, link[1], err)
			} else if heading != "" && !slices.Contains(headings(read(t, target)), heading) {
				t.Errorf("%s: link to %s: %s has no such heading", page, link[1], target)
			}
		}
	}
}

// headings are the anchors of a page's headings, as a Markdown renderer makes them.
func headings(page string) []string {
	var all []string
	for _, line := range regexp.MustCompile("(?m)^#+ (.*)$").FindAllStringSubmatch(page, -1) {
		anchor := regexp.MustCompile(`[^\p{L}\p{N} -]`).ReplaceAllString(strings.ToLower(line[1]), "")
		all = append(all, strings.ReplaceAll(anchor, " ", "-"))
	}
	return all
}

// A call of make within a sentence names a target that the Makefile has.
func TestDocumentationMakeTargets(t *testing.T) {
	calls := 0
	for _, page := range pages(t) {
		for _, call := range regexp.MustCompile("`make ([a-z-]+)[^`]*`").FindAllStringSubmatch(read(t, page), -1) {
			calls++
			if !regexp.MustCompile(`(?m)^` + call[1] + `:`).MatchString(read(t, "../Makefile")) {
				t.Errorf("%s: %s: the Makefile has no such target", page, call[0])
			}
		}
	}
	if calls == 0 {
		t.Error("no call of make was found")
	}
}

// pages is every page of the documentation.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md", "../reports/assets/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no page matches %s (%v)", pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
