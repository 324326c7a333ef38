package settings

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/runfleet/runfleet/fleet"
)

// bucket is an S3 with one object, without which it answers with an error.
type bucket struct {
	text, etag string
	err        error
	sent       int // times that the content was
	asked      []string
}

func (b *bucket) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	b.asked = append(b.asked, *in.Bucket+" "+*in.Key)
	switch {
	case b.err != nil:
		return nil, b.err
	case in.IfNoneMatch != nil && *in.IfNoneMatch == b.etag:
		return nil, &smithy.OperationError{Err: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotModified}}, Err: &smithy.GenericAPIError{Code: "NotModified"},
		}}
	}
	b.sent++
	return &s3.GetObjectOutput{ETag: aws.String(b.etag), Body: io.NopCloser(strings.NewReader(b.text))}, nil
}

func TestADocumentInS3IsSentWhenItChanged(t *testing.T) {
	b := &bucket{text: "one", etag: `"1"`}
	d := &Document{Place: "s3://acme-config/fleets/a.yaml", S3: b}
	read := func() Content {
		t.Helper()
		c, err := d.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, again := read(), read()
	if string(first.Data) != "one" || string(again.Data) != "one" || again.Generation != first.Generation || b.sent != 1 {
		t.Errorf("read %s, then %s, sent %d times", first.Data, again.Data, b.sent)
	}
	b.text, b.etag = "two", `"2"`
	if second := read(); string(second.Data) != "two" || second.Generation == first.Generation || b.sent != 2 {
		t.Errorf("read %s of generation %s", second.Data, second.Generation)
	}
	b.text, b.etag = "one", `"3"`
	if back := read(); back.Generation != first.Generation {
		t.Error("the same text has another generation")
	}
	if d.Fixed() || b.asked[0] != "acme-config fleets/a.yaml" {
		t.Errorf("fixed: %t, asked for %s", d.Fixed(), b.asked[0])
	}
}

func TestADocumentThatCannotBeRead(t *testing.T) {
	absent := &smithy.GenericAPIError{Code: "NoSuchKey", Message: "The specified key does not exist.", Fault: smithy.FaultClient}
	for _, tt := range []struct {
		name, place string
		s3          S3API
		want        error
	}{
		{"no key", "s3://bucket", &bucket{}, fleet.ErrConfig},
		{"no bucket", "s3:///key", &bucket{}, fleet.ErrConfig},
		{"no slashes", "s3:bucket/key", &bucket{}, fleet.ErrConfig},
		{"no S3", "s3://bucket/key", nil, fleet.ErrConfig},
		{"no object", "s3://bucket/key", &bucket{err: absent}, fleet.ErrConfig},
		{"no answer", "s3://bucket/key", &bucket{err: io.ErrUnexpectedEOF}, fleet.ErrUnknownOutcome},
		{"too much asked", "s3://bucket/key", &bucket{err: &smithy.GenericAPIError{Code: "SlowDown"}}, fleet.ErrThrottled},
		{"too long", "s3://bucket/key", &bucket{text: strings.Repeat("x", documentLimit+1)}, fleet.ErrConfig},
		{"no file", filepath.Join(t.TempDir(), "none"), nil, fleet.ErrConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &Document{Place: tt.place, S3: tt.s3}
			if c, err := d.Read(t.Context()); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.place) {
				t.Errorf("%+v, error %v", c, err)
			}
		})
	}
}

func TestADocumentThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &Document{Place: path}
	c, err := d.Read(t.Context())
	if err != nil || !d.Fixed() || string(c.Data) != "one" || !strings.HasPrefix(c.Generation, "file/") {
		t.Errorf("%+v, error %v", c, err)
	}
	seen := map[string]bool{c.Generation: true}
	for _, place := range []string{"s3://b/k", "s3://b/l"} {
		same, err := (&Document{Place: place, S3: &bucket{text: "one"}}).Read(t.Context())
		source, content, _ := strings.Cut(same.Generation, "/")
		if err != nil || seen[same.Generation] || source == "" || content != strings.TrimPrefix(c.Generation, "file/") {
			t.Errorf("%s: %+v, error %v", place, same, err)
		}
		seen[same.Generation] = true
	}
}
