package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds that no input stops the program, that every problem has a
// place, and that what is printed reads as the same file.
func FuzzParse(f *testing.F) {
	f.Add(Sample)
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		file.Warnings()
		file.Fleet()
		file.Windows()
		text := file.YAML()
		if err != nil {
			for _, p := range err.(Problems) {
				if p.Text == "" || p.Line < 0 {
					t.Errorf("problem %+v", p)
				}
			}
			return
		}
		again, err := Parse("f", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(file, again, values); diff != "" {
			t.Errorf("printed and read again (-want +got):\n%s\n%s", diff, text)
		}
	})
}
