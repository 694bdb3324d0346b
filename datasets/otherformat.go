package datasets

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// conversion is a text format that is not read, identified by its lower-case file
// extension, and how to convert it to one that is.
type conversion struct{ extension, how string }

var (
	unpack = []conversion{
		{".tar.gz", "unpack them with tar -xf"},
		{".tgz", "unpack them with tar -xf"},
		{".tar", "unpack them with tar -xf"},
		{".zip", "unpack them with unzip"},
		{".txt.gz", "decompress them with gunzip"},
	}
	unpackPapers = append([]conversion{
		{".parquet", `convert each file: python3 -c 'import datasets; datasets.load_dataset("parquet", data_files="IN.parquet")["train"].to_json("OUT.jsonl")'`},
		{".arrow", `convert each file: python3 -c 'import datasets; datasets.Dataset.from_file("IN.arrow").to_json("OUT.jsonl")'`},
		{".tex.gz", "decompress them with gunzip"},
		{".jsonl.xz", "decompress them with unxz"},
		{".jsonl.bz2", "decompress them with bunzip2"},
		{".json.gz", "decompress them, then as .json"},
		{".json", "rename them to .jsonl if each line is a record, or else convert each file: jq -c '.[]' IN.json >OUT.jsonl"},
	}, unpack...)
)

// maxLooked is how many files otherFormats looks at. It only improves an error message,
// and a folder that is not a corpus may hold anything.
const maxLooked = 10_000

// otherFormats names files below a folder without texts that would be texts after a
// conversion, or, for papers, after moving them into the folder of a split. It returns
// "" if there are none; otherwise the result begins with ": ".
func otherFormats(dir string, conversions []conversion, papers bool) string {
	counts, first := make([]int, len(conversions)), make([]string, len(conversions))
	loose, firstLoose := 0, ""
	looked := 0
	filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if looked++; err != nil || looked > maxLooked {
			return fs.SkipAll
		}
		name := entry.Name()
		if entry.IsDir() || strings.HasPrefix(name, ".") {
			return nil
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return nil
		}
		if papers && (isLinesFile(name) || hasExtension(name, ".tex")) {
			if loose++; firstLoose == "" {
				firstLoose = relative
			}
			return nil
		}
		for i, c := range conversions {
			if hasExtension(name, c.extension) {
				if counts[i]++; first[i] == "" {
					first[i] = relative
				}
				break
			}
		}
		return nil
	})
	for i, n := range counts {
		if n > 0 {
			return fmt.Sprintf(": %s files are not read (%d here, such as %s); %s", conversions[i].extension, n, first[i], conversions[i].how)
		}
	}
	if loose > 0 {
		return fmt.Sprintf(": %s belongs to no split; move papers to train/, validation/ and test/", firstLoose)
	}
	return ""
}
