package awssim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

func TestPutParameter(t *testing.T) {
	tags := []types.Tag{{Key: aws.String("machine"), Value: aws.String("i-1")}}
	for _, tt := range []struct {
		name string
		in   ssm.PutParameterInput
		size int
		want string // error code, or tier and version
	}{
		{"a value is stored", ssm.PutParameterInput{Name: aws.String("/a/b"), Tags: tags}, 10, "Standard 1"},
		{"the standard tier takes 4,096", ssm.PutParameterInput{Name: aws.String("/a/b")}, 4096, "Standard 1"},
		{"and no more", ssm.PutParameterInput{Name: aws.String("/a/b")}, 4097, "ValidationException"},
		{"the advanced tier takes 8,192", ssm.PutParameterInput{Name: aws.String("/a/b"), Tier: "Advanced"}, 8192, "Advanced 1"},
		{"and no more", ssm.PutParameterInput{Name: aws.String("/a/b"), Tier: "Advanced"}, 8193, "ValidationException"},
		{"intelligent tiering takes what is needed", ssm.PutParameterInput{Name: aws.String("/a/b"), Tier: "Intelligent-Tiering"}, 4097, "Advanced 1"},
		{"nothing is no value", ssm.PutParameterInput{Name: aws.String("/a/b")}, 0, "ValidationException"},
		{"what is there stays", ssm.PutParameterInput{Name: aws.String("/old")}, 10, "ParameterAlreadyExists"},
		{"unless it is overwritten", ssm.PutParameterInput{Name: aws.String("/old"), Overwrite: aws.Bool(true)}, 10, "Standard 2"},
		{"an overwrite changes no type", ssm.PutParameterInput{Name: aws.String("/old"), Overwrite: aws.Bool(true), Type: "String"}, 10, "HierarchyTypeMismatchException"},
		{"tags and overwrite together are refused", ssm.PutParameterInput{Name: aws.String("/a/b"), Overwrite: aws.Bool(true), Tags: tags}, 10, "ValidationException"},
		{"a path begins with a slash", ssm.PutParameterInput{Name: aws.String("a/b")}, 10, "ValidationException"},
		{"AWS's own paths are refused", ssm.PutParameterInput{Name: aws.String("/aws/b")}, 10, "AccessDeniedException"},
		{"and what looks like its names", ssm.PutParameterInput{Name: aws.String("AWSb")}, 10, "ValidationException"},
		{"a name has 15 levels at most", ssm.PutParameterInput{Name: aws.String(strings.Repeat("/a", 16))}, 10, "HierarchyLevelLimitExceededException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, nil)
			put := func(in ssm.PutParameterInput) string {
				if in.Type == "" {
					in.Type = types.ParameterTypeSecureString
				}
				out, err := r.ssm.PutParameter(t.Context(), &in)
				if err != nil {
					return code(err)
				}
				return fmt.Sprint(out.Tier, " ", out.Version)
			}
			put(ssm.PutParameterInput{Name: aws.String("/old"), Value: aws.String("x")})
			tt.in.Value = aws.String(strings.Repeat("x", tt.size))
			if got := put(tt.in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// filled is a region with parameters below /a, some of them two levels down.
func filled(t *testing.T) *region {
	r := open(t, nil)
	for i := range 23 {
		name := fmt.Sprintf("/a/%02d", i)
		if i >= 12 {
			name = fmt.Sprintf("/a/b/%02d", i)
		}
		_, err := r.ssm.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: aws.String("secret"), Type: types.ParameterTypeSecureString})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestGetParametersByPath(t *testing.T) {
	for _, tt := range []struct {
		name      string
		path      string
		recursive bool
		want      []int // parameters on each page
	}{
		{"one level", "/a", false, []int{10, 2}},
		{"all levels", "/a/", true, []int{10, 10, 3}},
		{"a path is no prefix of names", "/a/0", true, []int{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := filled(t)
			var got []int
			in := &ssm.GetParametersByPathInput{Path: &tt.path, Recursive: &tt.recursive}
			for {
				out, err := r.ssm.GetParametersByPath(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, len(out.Parameters))
				if in.NextToken = out.NextToken; in.NextToken == nil {
					break
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
	tooMany := &ssm.GetParametersByPathInput{Path: aws.String("/a"), MaxResults: aws.Int32(11)}
	if _, err := filled(t).ssm.GetParametersByPath(t.Context(), tooMany); code(err) != "ValidationException" {
		t.Errorf("eleven a page: %v", err)
	}
}

func TestDeletedBetweenPages(t *testing.T) {
	r := filled(t)
	in := &ssm.GetParametersByPathInput{Path: aws.String("/a")}
	first, err := r.ssm.GetParametersByPath(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ssm.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: first.Parameters[0].Name}); err != nil {
		t.Fatal(err)
	}
	in.NextToken = first.NextToken
	if out, err := r.ssm.GetParametersByPath(t.Context(), in); err != nil || len(out.Parameters) != 2 {
		t.Errorf("second page %+v, error %v", out, err)
	}
}

func TestReadAndDelete(t *testing.T) {
	r := filled(t)
	value := func(decrypt bool) string {
		out, err := r.ssm.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/a/00"), WithDecryption: &decrypt})
		if err != nil {
			t.Fatal(err)
		}
		return *out.Parameter.Value
	}
	if value(true) != "secret" || value(false) == "secret" {
		t.Errorf("decrypted %q, as it is stored %q", value(true), value(false))
	}
	names := []string{"/a/00", "/a/99"}
	got, err := r.ssm.GetParameters(t.Context(), &ssm.GetParametersInput{Names: names})
	if err != nil || len(got.Parameters) != 1 || got.InvalidParameters[0] != "/a/99" {
		t.Errorf("read %+v, error %v", got, err)
	}
	gone, err := r.ssm.DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: names})
	if err != nil || len(gone.DeletedParameters) != 1 || gone.InvalidParameters[0] != "/a/99" {
		t.Errorf("deleted %+v, error %v", gone, err)
	}
	if _, err := r.ssm.DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: make([]string, 11)}); code(err) != "ValidationException" {
		t.Errorf("eleven names: %v", err)
	}
	if _, err := r.ssm.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: &names[0]}); code(err) != "ParameterNotFound" {
		t.Errorf("deleted twice: %v", err)
	}
	if left := r.Left("/a/").Parameters; len(left) != 22 {
		t.Errorf("left %v", left)
	}
}

func TestParameterTags(t *testing.T) {
	r := filled(t)
	in := &ssm.AddTagsToResourceInput{
		ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: aws.String("/a/00"),
		Tags: []types.Tag{{Key: aws.String("machine"), Value: aws.String("i-1")}},
	}
	if _, err := r.ssm.AddTagsToResource(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"machine": "i-1"}, r.ParameterTags("/a/00")); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	in.ResourceId = aws.String("/a/99")
	if _, err := r.ssm.AddTagsToResource(t.Context(), in); code(err) != "InvalidResourceId" {
		t.Errorf("tag of nothing: %v", err)
	}
}
