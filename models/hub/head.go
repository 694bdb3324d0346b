package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"infinibench/internal/download"
)

// remoteFile is a file of a repository.
type remoteFile struct {
	download.File
	commit string // of the version; "" if the server does not say
}

// errAbsent is wrapped by the error about a file that the repository does not have.
var errAbsent = errors.New("the repository has no such file")

var (
	sha256Tag = regexp.MustCompile(`^[0-9a-f]{64}$`) // of a large file, the hash of its contents
	gitTag    = regexp.MustCompile(`^[0-9a-f]{40}$`) // of any other, git's
)

// head asks for the size and the hash of a file. Large files are redirected to another host;
// the hub's own answer, before the redirection, is the one with the hash.
func (f *fetch) head(ctx context.Context, name string) (file remoteFile, err error) {
	err = f.client.Repeat(ctx, func() error {
		resp, err := f.ask(ctx, f.address(name))
		if err != nil {
			return err
		}
		file, err = f.listed(name, resp)
		return err
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return file, err
}

// ask sends a HEAD request, and follows redirections to the hub itself, as of a repository
// that was renamed.
func (f *fetch) ask(ctx context.Context, address string) (*http.Response, error) {
	here := *f.client.HTTP
	here.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for range 10 {
		ctx, cancel := context.WithTimeout(ctx, f.client.Stall)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
		if err != nil {
			return nil, download.Permanent(err)
		}
		req.Header.Set("Accept-Encoding", "identity") // size and hash are of the plain bytes
		f.authorize(req)
		resp, err := here.Do(req)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		if resp.StatusCode < 300 || resp.StatusCode > 399 || resp.Header.Get("X-Linked-Etag") != "" {
			return resp, nil
		}
		next, err := req.URL.Parse(resp.Header.Get("Location"))
		if err != nil {
			return nil, download.Permanent(err)
		}
		if next.Host != f.endpoint.Host || next.Scheme != f.endpoint.Scheme {
			return nil, download.Permanent(fmt.Errorf("the hub redirects to %s without stating a hash", next.Host))
		}
		address = next.String()
	}
	return nil, download.Permanent(errors.New("more than 10 redirections"))
}

// listed reads the size and the hash of a file from the hub's answer.
func (f *fetch) listed(name string, resp *http.Response) (remoteFile, error) {
	if resp.StatusCode >= 400 {
		return remoteFile{}, f.refusal(resp)
	}
	header := resp.Header
	file := remoteFile{File: download.File{Name: name, URL: f.address(name)}, commit: header.Get("X-Repo-Commit")}
	if file.commit != "" && !gitTag.MatchString(file.commit) {
		return file, download.Permanent(fmt.Errorf("the hub states the commit %q", file.commit))
	}
	size, tag := header.Get("X-Linked-Size"), header.Get("X-Linked-Etag")
	if tag == "" {
		tag = header.Get("Etag")
	}
	if size == "" && resp.StatusCode == http.StatusOK {
		size = header.Get("Content-Length")
	}
	var err error
	if file.Size, err = strconv.ParseInt(size, 10, 64); err != nil || file.Size < 0 {
		return file, download.Permanent(fmt.Errorf("the hub states %q bytes", size))
	}
	switch tag = strings.ToLower(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)); {
	case sha256Tag.MatchString(tag):
		file.SHA256 = tag
	case gitTag.MatchString(tag):
		file.GitSHA = tag
	case header.Get("X-Linked-Etag") != "":
		return file, download.Permanent(fmt.Errorf("the hub states the hash %q", tag))
	}
	return file, nil
}

// refusal explains a status of the hub in terms of what to do about it.
func (f *fetch) refusal(resp *http.Response) error {
	name, code, reason := f.repository.Name, resp.StatusCode, resp.Header.Get("X-Error-Code")
	page := &url.URL{Scheme: f.endpoint.Scheme, Host: f.endpoint.Host, Path: f.endpoint.Path + "/" + name}
	switch {
	case reason == "GatedRepo" || code == http.StatusForbidden && reason == "":
		if f.token == "" {
			return download.Permanent(fmt.Errorf("%s is gated: accept its terms at %s, then set HF_TOKEN to a token of your account", name, page))
		}
		return download.Permanent(fmt.Errorf("%s is gated, and the account of HF_TOKEN may not read it: accept its terms at %s", name, page))
	case code == http.StatusUnauthorized && f.token == "":
		return download.Permanent(fmt.Errorf("there is no %s that anybody may read: check the name, or set HF_TOKEN to a token of an account that may", name))
	case code == http.StatusUnauthorized:
		return download.Permanent(fmt.Errorf("%s does not exist, or HF_TOKEN is not valid for it", name))
	case reason == "RevisionNotFound":
		return download.Permanent(fmt.Errorf("%s has no revision %q", name, f.repository.Revision))
	case reason == "RepoNotFound":
		return download.Permanent(fmt.Errorf("there is no repository %s", name))
	case code == http.StatusNotFound:
		return download.Permanent(fmt.Errorf("%w in %s@%s", errAbsent, name, f.repository.Revision))
	}
	return download.StatusError(resp)
}
