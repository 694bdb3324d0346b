package booksum

import (
	"fmt"
	"regexp"
	"strings"
)

// Traces of a text copied from a page or file without cleaning. HTML elements are
// listed by name because texts have other words in angle brackets, such as PG19's <DW>.
var (
	tag      = regexp.MustCompile(`(?i)</?(a|abbr|b|blockquote|body|br|center|code|div|em|font|form|h[1-6]|head|hr|html|i|iframe|img|li|link|meta|ol|p|paragraph|pre|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|title|tr|u|ul)(\s[^<>]*)?/?>`)
	entity   = regexp.MustCompile(`&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip);`)
	markdown = regexp.MustCompile(`\]\(https?://|(?m:^#{1,6} \S)`)
	wikitext = regexp.MustCompile(`\[\[[^\[\]]+\]\]|\{\{[^{}]+\}\}`)
)

// unlikePlainText returns why a summary does not look like plain text, or "" if it
// does. A model would be trained to write such marks, and scored on them.
func unlikePlainText(summary string) string {
	text := strings.TrimSpace(summary)
	if strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") || strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") && strings.Contains(text, `"`) {
		return `the summary looks like JSON; give the text alone, which is the field "summary" of a file of salesforce/booksum`
	}
	for _, m := range []struct {
		name string
		form *regexp.Regexp
	}{{"HTML", tag}, {"HTML", entity}, {"Markdown", markdown}, {"wikitext", wikitext}} {
		if found := m.form.FindString(text); found != "" {
			return fmt.Sprintf("the summary looks like %s, as it has %.40q; give the text alone", m.name, found)
		}
	}
	return ""
}
