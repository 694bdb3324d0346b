package datasets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"infinibench/internal/download"
)

// Where the corpora are published. The address alone proves nothing: every file must
// have the size and hash that its store lists.
const (
	// Google Cloud Storage: the bucket named in the README of
	// github.com/google-deepmind/pg19, with the objects metadata.csv and
	// {train,validation,test}/<id>.txt. Listed by its JSON API
	// (cloud.google.com/storage/docs/json_api/v1/objects/list).
	storageBase = "https://storage.googleapis.com"
	pg19Bucket  = "deepmind-gutenberg"

	// Hugging Face hub: the dataset repository with train/proofpile_train_0..20,
	// dev/proofpile_dev and test/proofpile_test, all .jsonl.gz, at a fixed revision so
	// that the texts cannot change under an experiment. Listed by
	// /api/datasets/<repository>/tree/<revision>/<folder>.
	hubBase           = "https://huggingface.co"
	proofPile         = "hoskinson-center/proof-pile"
	proofPileRevision = "490b980249446f2f3bd2df3a8cf085d0f2de240a"
)

// proofPileFolders are the folders of the splits in that repository.
var proofPileFolders = map[Split]string{Train: "train", Validation: "dev", Test: "test"}

// FetchProgress is the progress of a download. Bytes include what earlier runs
// downloaded.
type FetchProgress struct {
	File       string // the latest to change, slash-separated
	Files      int    // complete and checked
	TotalFiles int
	Bytes      int64
	TotalBytes int64
}

// Fetch downloads one split of a corpus into dir in the layout its loader reads: "pg19"
// (with metadata.csv) or "arxiv-math" (proof-pile). An empty split means validation and
// test: the training splits are 11 GB and more.
//
// Each file is downloaded to <file>.part and renamed once its size and hash match those
// listed by its store (MD5 for PG19, SHA-256 for proof-pile). An interrupted download
// resumes on the next run: complete files are verified and kept, partial ones
// continued. An existing file with different contents is left alone and reported as an
// error. Failed transfers are retried a few times with increasing delays. The SHA-256
// of every file is recorded in dir/SHA256SUMS for [Verify]; a file that is already
// listed must match.
//
// progress, if not nil, is called by one goroutine at a time.
func Fetch(ctx context.Context, name, dir string, split Split, progress func(FetchProgress)) error {
	return newFetcher().fetch(ctx, name, dir, split, progress)
}

// fetcher holds what the tests replace: addresses and the client.
type fetcher struct {
	storage, hub string
	*download.Client
}

const fetchStreams = 4 // files at a time: PG19 is many small ones

func newFetcher() *fetcher {
	return &fetcher{storage: storageBase, hub: hubBase, Client: download.New(fetchStreams)}
}

func (f *fetcher) fetch(ctx context.Context, name, dir string, split Split, progress func(FetchProgress)) (err error) {
	files, err := f.list(ctx, name, split)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if name == "pg19" {
		// The layout has three folders, whether or not anything is put in them.
		for _, s := range officialSplits {
			if err := os.MkdirAll(filepath.Join(dir, string(s)), 0o755); err != nil {
				return err
			}
		}
	}
	list := filepath.Join(dir, sumsFile)
	sums, err := readSums(list)
	if errors.Is(err, os.ErrNotExist) {
		sums = make(map[string]string)
	} else if err != nil {
		return err
	}
	before := maps.Clone(sums)
	for i, file := range files {
		if file.SHA256 == "" { // PG19's store lists only MD5, so a recorded SHA-256 must still match
			files[i].SHA256 = before[file.Name]
		}
	}

	meter := newFetchMeter(files, progress)
	var mu sync.Mutex
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(fetchStreams)
	for _, file := range files {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			sum, err := f.Client.Fetch(inner, dir, file, func(have int64) { meter.moved(file.Name, have) })
			if err != nil {
				return fmt.Errorf("fetch %s: %s: %w", name, file.Name, err)
			}
			meter.finished(file.Name)
			mu.Lock()
			defer mu.Unlock()
			sums[file.Name] = sum
			return nil
		})
	}
	err = group.Wait()
	if ctx.Err() != nil {
		err = fmt.Errorf("fetch %s: stopped; run it again to resume: %w", name, context.Cause(ctx))
	}
	// Record the sums even after a failure: the files that arrived are good.
	if !maps.Equal(before, sums) {
		err = errors.Join(err, writeSums(list, sums))
	}
	return err
}

// fetchMeter adds up the progress of concurrent transfers.
type fetchMeter struct {
	mu     sync.Mutex
	report func(FetchProgress)
	have   map[string]int64
	now    FetchProgress
}

func newFetchMeter(files []download.File, report func(FetchProgress)) *fetchMeter {
	m := &fetchMeter{report: report, have: make(map[string]int64), now: FetchProgress{TotalFiles: len(files)}}
	for _, file := range files {
		m.now.TotalBytes += file.Size
	}
	return m
}

// moved records how many bytes of a file are present, fewer than before if its transfer
// started again.
func (m *fetchMeter) moved(file string, have int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Bytes += have - m.have[file]
	m.have[file] = have
	m.send(file)
}

func (m *fetchMeter) finished(file string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Files++
	m.send(file)
}

func (m *fetchMeter) send(file string) {
	m.now.File = file
	if m.report != nil {
		m.report(m.now)
	}
}
