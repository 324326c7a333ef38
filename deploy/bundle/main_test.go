package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestTheSameProgramMakesTheSameZip(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	// Neither its name, nor its mode or age, is in the zip.
	if err := os.WriteFile(program, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	var zips [2][]byte
	for i, name := range []string{"one.zip", "two.zip"} {
		path := filepath.Join(dir, name)
		if err := bundle(program, path); err != nil {
			t.Fatal(err)
		}
		var err error
		if zips[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(zips[0], zips[1]) {
		t.Error("two zips of one program differ")
	}
	r, err := zip.NewReader(bytes.NewReader(zips[0]), int64(len(zips[0])))
	if err != nil || len(r.File) != 1 {
		t.Fatalf("%v, error %v", r, err)
	}
	f := r.File[0]
	if f.Name != "bootstrap" || f.Mode() != 0o755 || !f.Modified.IsZero() && f.Modified.Year() > 1980 {
		t.Errorf("%s, %v, of %v", f.Name, f.Mode(), f.Modified)
	}
	open, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if text, err := io.ReadAll(open); err != nil || string(text) != "a program" {
		t.Errorf("it holds %q, error %v", text, err)
	}
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := bundle(filepath.Join(dir, "absent"), filepath.Join(dir, "out.zip")); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(filepath.Join(dir, "out.zip")); err == nil {
		t.Error("there is a zip")
	}
}
