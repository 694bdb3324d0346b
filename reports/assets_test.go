package reports

import "testing"

// The binary must not embed the files that npm leaves beside the chart library: they would
// make it larger, and different from a build with the library alone.
func TestAssetsHoldNoFolder(t *testing.T) {
	files, err := assets.ReadDir("assets")
	if err != nil || len(files) < 3 { // the README and npm's two files are always there
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if f.IsDir() {
			t.Errorf("the folder %s is embedded", f.Name())
		}
	}
}
