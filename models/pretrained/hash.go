package pretrained

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"infinibench/internal/safetensors"
)

// Hash is the SHA-256, in hexadecimal, of what the model computes with: config.json and the
// files of the weights. It does not depend on where the folder is. Files are read once in a
// process, as long as neither their size nor their time changes.
func (f *Folder) Hash() (string, error) {
	all := sha256.New()
	fmt.Fprintf(all, "%x  %s\n", sha256.Sum256(f.source.Config), configFile)
	shards := slices.SortedFunc(slices.Values(f.shards), func(a, b *safetensors.File) int { return strings.Compare(a.Path, b.Path) })
	for _, s := range shards {
		sum, err := fileHash(s.Path)
		if err != nil {
			return "", fmt.Errorf("model folder %s: %w", f.Dir, reason(err))
		}
		fmt.Fprintf(all, "%x  %s\n", sum, filepath.Base(s.Path))
	}
	if err := f.unchanged(); err != nil {
		return "", fmt.Errorf("model folder %s: %w", f.Dir, err)
	}
	return fmt.Sprintf("%x", all.Sum(nil)), nil
}

// hashed remembers the hashes of files.
var hashed sync.Map // from fileKey to [sha256.Size]byte

// fileKey identifies the content of a file until the file is modified.
type fileKey struct {
	path string
	size int64
	time time.Time
}

func fileHash(path string) (sum [sha256.Size]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return sum, err
	}
	key := fileKey{path, info.Size(), info.ModTime()}
	if known, ok := hashed.Load(key); ok {
		return known.([sha256.Size]byte), nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	hashed.Store(key, sum)
	return sum, nil
}
