package settings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// S3API is all that this package calls of S3. The SDK's client has it.
type S3API interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// NewS3 is a client for documents. Where another endpoint than AWS's own is
// configured, the bucket goes into the path.
func NewS3(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = cfg.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // S3 says so itself of what has none
	})
}

// Document is a text that is read again and again: s3://BUCKET/KEY, or the path
// of a file. It is safe for concurrent use.
type Document struct {
	Place string
	S3    S3API // nil: s3: is refused

	lock sync.Mutex // guards the rest
	etag string     // of what S3 gave last
	last Content
}

// Content is what a document says at some time.
type Content struct {
	Data []byte
	// Generation names what Data says, and where: SOURCE/CONTENT. What says the
	// same in the same place has the same. All files are of one source.
	Generation string
}

// documentLimit is more than a fleet file may have.
const documentLimit = 2 << 20

// Fixed reports whether the document is a file: of a program that came with it,
// it says the same as long as that runs.
func (d *Document) Fixed() bool { return !strings.HasPrefix(d.Place, "s3:") }

// Read is what the document says now. S3 sends it only if that is another than
// it was. Errors are fleet.ErrConfig, fleet.ErrThrottled or
// fleet.ErrUnknownOutcome.
func (d *Document) Read(ctx context.Context) (Content, error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	read := d.object
	if d.Fixed() {
		read = d.file
	}
	data, err := read(ctx)
	if err != nil {
		return Content{}, fmt.Errorf("read %s: %w", d.Place, err)
	}
	if data != nil {
		d.last = Content{data, d.source() + "/" + short(data)}
	}
	return d.last, nil
}

func (d *Document) source() string {
	if d.Fixed() {
		return "file"
	}
	return short([]byte(d.Place))
}

func short(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

func (d *Document) file(context.Context) ([]byte, error) {
	data, err := os.ReadFile(d.Place)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fleet.ErrConfig, err)
	}
	return data, nil
}

// object is the object's content; nil if it is the one that is known.
func (d *Document) object(ctx context.Context) ([]byte, error) {
	bucket, key, ok := strings.Cut(strings.TrimPrefix(d.Place, "s3://"), "/")
	if !ok || bucket == "" || key == "" || !strings.HasPrefix(d.Place, "s3://") {
		return nil, fmt.Errorf("%w: it must be s3://BUCKET/KEY", fleet.ErrConfig)
	}
	if d.S3 == nil {
		return nil, fmt.Errorf("%w: there is no AWS to ask", fleet.ErrConfig)
	}
	in := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}
	if d.etag != "" {
		in.IfNoneMatch = aws.String(d.etag)
	}
	out, err := d.S3.GetObject(ctx, in)
	if unchanged(err) && d.etag != "" {
		return nil, nil
	}
	if err != nil {
		return nil, objectError(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, documentLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", fleet.ErrUnknownOutcome, err)
	case len(data) > documentLimit:
		return nil, fmt.Errorf("%w: it has more than %d bytes", fleet.ErrConfig, documentLimit)
	case data == nil:
		data = []byte{}
	}
	d.etag = aws.ToString(out.ETag)
	return data, nil
}

// unchanged reports whether S3 says that the object is the one that is known.
func unchanged(err error) bool {
	status, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	return ok && status.HTTPStatusCode() == http.StatusNotModified
}

func objectError(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok && (api.ErrorCode() == "SlowDown" || strings.HasPrefix(api.ErrorCode(), "RequestTimeout")) {
		return fmt.Errorf("%w: %s", fleet.ErrThrottled, api.ErrorCode())
	}
	return translate(err)
}
