package datasets

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/download"
	"infinibench/internal/jsonread"
)

// list asks a store for the files of a split; "" means validation and test.
func (f *fetcher) list(ctx context.Context, name string, split Split) ([]download.File, error) {
	splits := []Split{Validation, Test}
	if split != "" {
		if !slices.Contains(officialSplits, split) {
			return nil, fmt.Errorf("no split %q; there are train, validation and test", split)
		}
		splits = []Split{split}
	}
	var prefixes []string
	var listFolder func(context.Context, string) ([]download.File, error)
	switch name {
	case "pg19":
		listFolder = f.listBucket
		prefixes = append(prefixes, "metadata.csv")
		for _, s := range splits {
			prefixes = append(prefixes, string(s)+"/")
		}
	case "arxiv-math":
		listFolder = f.listHub
		for _, s := range splits {
			prefixes = append(prefixes, proofPileFolders[s])
		}
	default:
		return nil, fmt.Errorf("nothing to download for %q; what can be downloaded: pg19, arxiv-math", name)
	}
	var files []download.File
	for _, prefix := range prefixes {
		found, err := listFolder(ctx, prefix)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("the listing has no files under %q", prefix)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if err := checkListed(file); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// checkListed rejects a listed file that cannot be stored or verified. Some systems use the
// backslash to separate folders.
func checkListed(r download.File) error {
	switch {
	case strings.Contains(r.Name, `\`) || !filepath.IsLocal(filepath.FromSlash(r.Name)):
		return fmt.Errorf("the listing names %q, which leaves the folder of the corpus", r.Name)
	case r.MD5 == "" && r.SHA256 == "":
		return fmt.Errorf("the listing gives no hash for %s", r.Name)
	case r.Size < 0:
		return fmt.Errorf("the listing gives %d bytes for %s", r.Size, r.Name)
	}
	return nil
}

// listBucket lists the texts of the PG19 bucket whose name starts with prefix.
func (f *fetcher) listBucket(ctx context.Context, prefix string) ([]download.File, error) {
	query := url.Values{"prefix": {prefix}, "maxResults": {"1000"}, "fields": {"nextPageToken,items(name,size,md5Hash)"}}
	var files []download.File
	for {
		var page struct {
			NextPageToken string `json:"nextPageToken"`
			Items         []struct {
				Name    string `json:"name"`
				Size    string `json:"size"`    // the API writes 64-bit numbers as strings
				MD5Hash string `json:"md5Hash"` // base64
			} `json:"items"`
		}
		address := f.storage + "/storage/v1/b/" + pg19Bucket + "/o?" + query.Encode()
		if _, err := f.getJSON(ctx, address, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			if !strings.HasSuffix(item.Name, ".txt") && item.Name != "metadata.csv" {
				continue // a place holder of a folder
			}
			size, err := strconv.ParseInt(item.Size, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("the listing gives %q bytes for %s", item.Size, item.Name)
			}
			sum, err := base64.StdEncoding.DecodeString(item.MD5Hash)
			if err != nil {
				return nil, fmt.Errorf("the listing gives the MD5 %q for %s", item.MD5Hash, item.Name)
			}
			files = append(files, download.File{
				Name: item.Name, URL: f.storage + "/" + pg19Bucket + "/" + escapePath(item.Name),
				Size: size, MD5: hex.EncodeToString(sum),
			})
		}
		if page.NextPageToken == "" {
			return files, nil
		}
		query.Set("pageToken", page.NextPageToken)
	}
}

// nextLink matches the hub's link to the next page in a Link header (RFC 8288).
var nextLink = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="next"`)

// listHub lists the JSON Lines files in a folder of the proof-pile repository.
func (f *fetcher) listHub(ctx context.Context, folder string) ([]download.File, error) {
	address := f.hub + "/api/datasets/" + proofPile + "/tree/" + proofPileRevision + "/" + folder
	var files []download.File
	for {
		var page []struct {
			Type string `json:"type"`
			Path string `json:"path"`
			LFS  struct {
				OID  string `json:"oid"` // SHA-256 of the contents
				Size int64  `json:"size"`
			} `json:"lfs"`
		}
		header, err := f.getJSON(ctx, address, &page)
		if err != nil {
			return nil, err
		}
		for _, item := range page {
			if item.Type != "file" || !isLinesFile(item.Path) {
				continue
			}
			files = append(files, download.File{
				Name: item.Path, URL: f.hub + "/datasets/" + proofPile + "/resolve/" + proofPileRevision + "/" + escapePath(item.Path),
				Size: item.LFS.Size, SHA256: item.LFS.OID,
			})
		}
		next := nextLink.FindStringSubmatch(header.Get("Link"))
		if next == nil {
			return files, nil
		}
		base, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		following, err := base.Parse(next[1])
		if err != nil || following.Host != base.Host {
			return nil, fmt.Errorf("the listing continues at %q, which is not the hub", next[1])
		}
		address = following.String()
	}
}

// getJSON reads one page of a listing.
func (f *fetcher) getJSON(ctx context.Context, address string, page any) (header http.Header, err error) {
	err = f.Repeat(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, f.Stall)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return download.Permanent(err)
		}
		resp, err := f.HTTP.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return download.StatusError(resp)
		}
		header = resp.Header
		body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20)) // a page of 1000 names is a few hundred KB
		if err != nil {
			return err
		}
		if err := jsonread.Document(body, page); err != nil {
			return download.Permanent(fmt.Errorf("%s: not a listing: %w", address, err))
		}
		return nil
	})
	return header, err
}

func escapePath(name string) string {
	return (&url.URL{Path: name}).EscapedPath()
}
