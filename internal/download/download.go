// Package download fetches files by HTTP. It resumes interrupted transfers and keeps only
// files that match their publisher's list.
package download

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// File is a file as its publisher lists it.
type File struct {
	Name   string // below the folder it goes to, with slashes; stays inside it
	URL    string
	Size   int64
	MD5    string // hexadecimal; of the hashes, those known are checked
	SHA256 string
	GitSHA string // SHA-1 of git's blob, a header and the contents
}

// Client transfers files.
type Client struct {
	HTTP  *http.Client
	Pause time.Duration // before the first retry; doubles after each
	Stall time.Duration // a transfer that receives nothing for this long is aborted
	// Authorize, if not nil, adds credentials to a request.
	Authorize func(*http.Request)
}

// tries is the number of failed transfers after which a file is given up.
const tries = 5

// New is a client with time-outs for every phase of a transfer and with Secure redirects,
// for a number of transfers at a time.
func New(streams int) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	transport.ResponseHeaderTimeout = 60 * time.Second
	transport.MaxIdleConnsPerHost = streams
	return &Client{HTTP: &http.Client{Transport: transport, CheckRedirect: Secure}, Pause: time.Second, Stall: 60 * time.Second}
}

// StatusError reports a refusal by the server. It is permanent unless the server is
// only temporarily busy or broken.
func StatusError(resp *http.Response) error {
	err := fmt.Errorf("%s: the server says %s", resp.Request.URL.Redacted(), resp.Status)
	switch code := resp.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return err
	}
	return backoff.Permanent(err)
}

// Permanent marks an error that Repeat does not try again.
func Permanent(err error) error { return backoff.Permanent(err) }

// Repeat calls try until it succeeds, fails with a permanent error, or has failed five
// times.
func (c *Client) Repeat(ctx context.Context, try func() error) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.Multiplier, pauses.RandomizationFactor = c.Pause, 2, 0
	failed := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		failed++
		err := try()
		var permanent *backoff.PermanentError
		switch {
		case err == nil:
		case errors.As(err, &permanent): // wrapped again: Retry would drop what surrounds it
			err = backoff.Permanent(err)
		case failed == tries && ctx.Err() == nil:
			err = backoff.Permanent(fmt.Errorf("gave up after %d tries: %w", tries, err))
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0))
	return err
}

// Secure stops redirects from downgrading to an unencrypted connection or leaving the
// network. Credentials are never sent to another host.
func Secure(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= 10:
		return backoff.Permanent(errors.New("more than 10 redirections"))
	case req.URL.Scheme != "https" && req.URL.Scheme != via[0].URL.Scheme:
		return backoff.Permanent(fmt.Errorf("redirected to %s, which is not https", req.URL.Redacted()))
	}
	if req.URL.Host != via[0].URL.Host { // net/http would send them to a subdomain or another port
		req.Header.Del("Authorization")
	}
	return nil
}

// Fetch downloads one file to its place below dir and returns its SHA-256. It calls
// moved with the number of bytes present so far. A link inside dir that leads out of it
// is an error, both for the .part file and for the final one.
func (c *Client) Fetch(ctx context.Context, dir string, file File, moved func(have int64)) (sum string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	place := filepath.FromSlash(file.Name)
	switch _, err := root.Stat(place); {
	case err == nil:
		sum, err := file.verify(root, place)
		if err != nil {
			return "", fmt.Errorf("%s is not the published file: %w; move it away and fetch again", filepath.Join(dir, place), err)
		}
		moved(file.Size)
		return sum, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fileError(filepath.Join(dir, place), err)
	}
	if err := root.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return "", err
	}
	part := place + ".part"
	err = c.Repeat(ctx, func() error {
		resumed, err := c.transfer(ctx, root, part, file, moved)
		if err != nil {
			return err
		}
		if sum, err = file.verify(root, part); err == nil {
			return nil
		}
		if removeErr := root.Remove(part); removeErr != nil {
			return backoff.Permanent(removeErr)
		}
		moved(0)
		if resumed { // the bytes from before may be wrong: try once more from the start
			return err
		}
		return backoff.Permanent(err)
	})
	if err != nil {
		return "", err
	}
	return sum, root.Rename(part, place)
}

var errStalled = errors.New("the transfer stalled")

// transfer appends the missing bytes of a file to part. It leaves exactly file.Size
// bytes there or returns an error; resumed reports whether some were there before.
func (c *Client) transfer(ctx context.Context, root *os.Root, part string, file File, moved func(have int64)) (resumed bool, err error) {
	out, err := root.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return false, backoff.Permanent(fileError(filepath.Join(root.Name(), part), err))
	}
	defer func() {
		if closeErr := out.Close(); err == nil && closeErr != nil {
			err = backoff.Permanent(closeErr)
		}
	}()
	have, err := partSize(out, file.Size)
	if err != nil {
		return false, backoff.Permanent(err)
	}
	if have == file.Size {
		moved(have)
		return have > 0, nil
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(c.Stall, func() { cancel(errStalled) })
	defer watch.Stop()
	resp, err := c.get(ctx, file.URL, have)
	if err != nil {
		return false, stalled(ctx, err)
	}
	defer resp.Body.Close()
	if have, err = bodyOffset(resp, out, have); err != nil {
		return false, err
	}

	resumed = have > 0
	moved(have)
	body := io.LimitReader(resp.Body, file.Size-have+1) // one more, to notice a longer file
	_, err = io.Copy(out, io.TeeReader(body, byteCounter(func(n int) {
		have += int64(n)
		watch.Reset(c.Stall)
		moved(min(have, file.Size))
	})))
	var writeErr *fs.PathError
	switch {
	case errors.As(err, &writeErr): // from out: the disk, not the network
		return resumed, backoff.Permanent(err)
	case have > file.Size:
		if err := restart(out); err != nil {
			return resumed, backoff.Permanent(err)
		}
		return resumed, backoff.Permanent(fmt.Errorf("%s: longer than the %d bytes of the listing", file.URL, file.Size))
	case err != nil:
		return resumed, fmt.Errorf("%s: broke off at byte %d of %d: %w", file.URL, have, file.Size, stalled(ctx, err))
	case have < file.Size:
		return resumed, fmt.Errorf("%s: ended at byte %d of %d", file.URL, have, file.Size)
	}
	return resumed, nil
}

// partSize returns how many bytes of a file of the given size are in part. A part
// longer than the file cannot be its beginning, so it is emptied.
func partSize(part *os.File, size int64) (have int64, err error) {
	if have, err = part.Seek(0, io.SeekEnd); err != nil || have <= size {
		return have, err
	}
	return 0, restart(part)
}

// get requests a file from byte offset from to its end.
func (c *Client) get(ctx context.Context, url string, from int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	req.Header.Set("Accept-Encoding", "identity") // size and hash are of the plain bytes
	if c.Authorize != nil {
		c.Authorize(req)
	}
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	return c.HTTP.Do(req)
}

// bodyOffset returns the offset at which the body of a response starts: the requested
// one, or 0 after emptying part. A response with any other body is an error.
func bodyOffset(resp *http.Response, part *os.File, asked int64) (from int64, err error) {
	switch code, got := resp.StatusCode, resp.Header.Get("Content-Range"); {
	case code == http.StatusOK: // the whole file, whatever was asked for
		if err := restart(part); err != nil {
			return 0, backoff.Permanent(err)
		}
		return 0, nil
	case code == http.StatusPartialContent && strings.HasPrefix(got, fmt.Sprintf("bytes %d-", asked)):
		return asked, nil
	case code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable:
		if err := restart(part); err != nil {
			return 0, backoff.Permanent(err)
		}
		return 0, fmt.Errorf("%s: asked from byte %d, got %s %q", resp.Request.URL.Redacted(), asked, resp.Status, got)
	}
	return 0, StatusError(resp)
}

// restart empties a part.
func restart(out *os.File) error {
	if err := out.Truncate(0); err != nil {
		return err
	}
	_, err := out.Seek(0, io.SeekStart)
	return err
}

// stalled replaces "context canceled" with the reason.
func stalled(ctx context.Context, err error) error {
	if context.Cause(ctx) == errStalled {
		return errStalled
	}
	return err
}

// byteCounter calls a function with the size of each chunk that passes an io.TeeReader.
type byteCounter func(n int)

func (a byteCounter) Write(p []byte) (int, error) {
	a(len(p))
	return len(p), nil
}

// verify checks a file against its listed size and hash, and returns its SHA-256.
func (r File) verify(root *os.Root, path string) (string, error) {
	f, err := root.Open(path)
	if err != nil {
		return "", backoff.Permanent(err)
	}
	defer f.Close()
	m, s, g := md5.New(), sha256.New(), sha1.New()
	fmt.Fprintf(g, "blob %d\x00", r.Size)
	size, err := io.Copy(io.MultiWriter(m, s, g), f)
	if err != nil {
		return "", backoff.Permanent(err)
	}
	md5Sum, sha256Sum := hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(s.Sum(nil))
	switch {
	case size != r.Size:
		return "", fmt.Errorf("it has %d bytes, the listing %d", size, r.Size)
	case r.MD5 != "" && md5Sum != r.MD5:
		return "", fmt.Errorf("its MD5 is %s, in the listing %s", md5Sum, r.MD5)
	case r.SHA256 != "" && sha256Sum != strings.ToLower(r.SHA256):
		return "", fmt.Errorf("its SHA-256 is %s, it should be %s", sha256Sum, r.SHA256)
	case r.GitSHA != "" && hex.EncodeToString(g.Sum(nil)) != r.GitSHA:
		return "", fmt.Errorf("its git SHA-1 is %x, it should be %s", g.Sum(nil), r.GitSHA)
	}
	return sha256Sum, nil
}

// fileError drops the name of the system call from an error about a path.
func fileError(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
