package reports

import "testing"

// What npm left beside the chart library would make the program differ from one that was
// built where only the library was copied, and larger.
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
