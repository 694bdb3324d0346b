// Package hub downloads the folder of a language model from the Hugging Face hub, or from a
// server with the same addresses: ENDPOINT/REPOSITORY/resolve/REVISION/FILE. It takes only
// the files that package pretrained reads, and checks each against the size and the hash
// that the hub states.
package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"infinibench/internal/download"
	"infinibench/models/pretrained"
)

// Endpoint is the public hub.
const Endpoint = "https://huggingface.co"

// Hub is a server and the right to read from it.
type Hub struct {
	endpoint *url.URL
	token    string
	client   *download.Client
}

// New returns a hub; endpoint "" is the public one, and token "" means anonymous access. The
// token is sent only to the endpoint's host, not to the hosts that it redirects to.
func New(endpoint, token string) (*Hub, error) {
	if endpoint == "" {
		endpoint = Endpoint
	}
	u, err := url.Parse(strings.TrimRight(endpoint, "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("the address of the hub is %q, want one such as %s", endpoint, Endpoint)
	}
	h := &Hub{endpoint: u, token: strings.TrimSpace(token), client: download.New(1)}
	h.client.Authorize = h.authorize
	return h, nil
}

func (h *Hub) authorize(r *http.Request) {
	if h.token != "" && r.URL.Host == h.endpoint.Host && r.URL.Scheme == h.endpoint.Scheme {
		r.Header.Set("Authorization", "Bearer "+h.token)
	}
}

// Repository names a model and which of its versions.
type Repository struct {
	Name     string // owner/name
	Revision string // branch, tag or commit
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$`)

// ParseRepository reads REPOSITORY or REPOSITORY@REVISION; without a revision it is main.
func ParseRepository(text string) (Repository, error) {
	name, revision, given := strings.Cut(text, "@")
	if !given {
		revision = "main"
	}
	if !repositoryName.MatchString(name) || revision == "" || strings.Contains(revision, "..") || strings.ContainsAny(revision, " \t\n?#%\\") {
		return Repository{}, fmt.Errorf("%q is not a repository such as HuggingFaceTB/SmolLM2-135M or, with a revision, HuggingFaceTB/SmolLM2-135M@main", text)
	}
	return Repository{name, revision}, nil
}

// Progress is how much of a file has arrived, with what earlier runs downloaded.
type Progress struct {
	File       string
	Have, Size int64
}

// Result is what was downloaded.
type Result struct {
	Commit    string   // "" if the server does not say
	Files     []string // in order
	Bytes     int64
	Unchecked []string // files that the server states no hash for: only their size was compared
}

const (
	configFile  = "config.json"
	weightsFile = "model.safetensors"
	indexFile   = "model.safetensors.index.json"
)

// Fetch downloads a model's folder to dir. The first file is config.json, so that a model
// that is not supported costs no gigabytes. A file is called NAME.part until it is complete
// and its hash is right; an interrupted download is resumed by calling Fetch again.
// progress, if not nil, is called as bytes arrive.
func (h *Hub) Fetch(ctx context.Context, r Repository, dir string, progress func(Progress)) (*Result, error) {
	f := &fetch{Hub: h, repository: r, dir: dir, progress: progress, result: &Result{}}
	if err := f.run(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped; run it again to resume: %w", context.Cause(ctx))
		}
		return nil, fmt.Errorf("fetch %s@%s: %w", r.Name, r.Revision, err)
	}
	return f.result, nil
}

// fetch is one call of Fetch.
type fetch struct {
	*Hub
	repository Repository // its revision becomes the commit as soon as that is known
	dir        string
	progress   func(Progress)
	result     *Result
}

func (f *fetch) run(ctx context.Context) error {
	config, err := f.head(ctx, configFile)
	if err != nil {
		return err
	}
	if config.commit != "" { // nothing changes from now on
		f.repository.Revision, f.result.Commit = config.commit, config.commit
		config.URL = f.address(configFile)
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return err
	}
	if err := f.get(ctx, config); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(f.dir, configFile))
	if err != nil {
		return err
	}
	if err := pretrained.CheckConfig(text); err != nil {
		return err
	}
	if err := f.optional(ctx, "generation_config.json"); err != nil {
		return err
	}
	tokenizer, err := f.head(ctx, "tokenizer.json")
	if err != nil {
		return err
	}
	if err := f.get(ctx, tokenizer); err != nil {
		return err
	}
	return f.weights(ctx)
}

// weights fetches the single weight file, or the shards listed in an index.
func (f *fetch) weights(ctx context.Context) error {
	single, err := f.head(ctx, weightsFile)
	if err == nil {
		return f.get(ctx, single)
	}
	if !errors.Is(err, errAbsent) {
		return err
	}
	index, err := f.head(ctx, indexFile)
	if errors.Is(err, errAbsent) {
		return fmt.Errorf("the repository has neither %s nor %s: weights in another format cannot be read", weightsFile, indexFile)
	} else if err != nil {
		return err
	}
	if err := f.get(ctx, index); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(f.dir, indexFile))
	if err != nil {
		return err
	}
	shards, err := pretrained.Shards(text)
	if err != nil {
		return err
	}
	for _, name := range shards {
		shard, err := f.head(ctx, name)
		if err != nil {
			return err
		}
		if err := f.get(ctx, shard); err != nil {
			return err
		}
	}
	return nil
}

// optional fetches a file unless the repository lacks it.
func (f *fetch) optional(ctx context.Context, name string) error {
	file, err := f.head(ctx, name)
	if errors.Is(err, errAbsent) {
		return nil
	} else if err != nil {
		return err
	}
	return f.get(ctx, file)
}

// get downloads a file.
func (f *fetch) get(ctx context.Context, file remoteFile) error {
	if file.SHA256 == "" && file.GitSHA == "" {
		f.result.Unchecked = append(f.result.Unchecked, file.Name)
	}
	_, err := f.client.Fetch(ctx, f.dir, file.File, func(have int64) {
		if f.progress != nil {
			f.progress(Progress{file.Name, have, file.Size})
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name, err)
	}
	f.result.Files = append(f.result.Files, file.Name)
	f.result.Bytes += file.Size
	return nil
}

// address is where a file is.
func (f *fetch) address(name string) string {
	revision := strings.Split(f.repository.Revision, "/")
	for i := range revision {
		revision[i] = url.PathEscape(revision[i])
	}
	parts := slices.Concat([]string{f.repository.Name, "resolve"}, []string{strings.Join(revision, "%2F")}, []string{url.PathEscape(name)})
	return f.endpoint.String() + "/" + strings.Join(parts, "/")
}
