package dynamodb

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// What one request of a kind takes, by DynamoDB's limits.
const (
	batchGets   = 100
	batchWrites = 25
)

// batch makes writes that stand by themselves, in order of their requests, at
// half of what a transaction costs. What DynamoDB leaves undone is sent again.
func (s *Store) batch(ctx context.Context, writes []write) error {
	for some := range slices.Chunk(writes, batchWrites) {
		left := make([]types.WriteRequest, len(some))
		for i, w := range some {
			if w.put != nil {
				left[i].PutRequest = &types.PutRequest{Item: w.put.attributes()}
				continue
			}
			left[i].DeleteRequest = &types.DeleteRequest{Key: w.key.attributes()}
		}
		err := s.call(ctx, func(ctx context.Context) error {
			out, err := s.api.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.table: left}})
			if err != nil {
				return err
			}
			if left = out.UnprocessedItems[s.table]; len(left) > 0 {
				return errUnprocessed
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetch reads rows by key, strongly consistent. What is not there, or is over,
// is not in the answer.
func (s *Store) fetch(ctx context.Context, keys []key) (map[key]item, error) {
	found := make(map[key]item, len(keys))
	for some := range slices.Chunk(keys, batchGets) {
		left := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
		for _, k := range some {
			left.Keys = append(left.Keys, k.attributes())
		}
		err := s.call(ctx, func(ctx context.Context) error {
			out, err := s.api.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.table: left}})
			if err != nil {
				return err
			}
			for _, all := range out.Responses[s.table] {
				it, err := itemFrom(all)
				if err != nil {
					return err
				}
				if !it.over(s.now()) {
					found[it.key] = it
				}
			}
			if left = out.UnprocessedKeys[s.table]; len(left.Keys) > 0 {
				return errUnprocessed
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// query asks for the rows of a partition whose sort keys begin with a prefix.
type query struct {
	part, prefix string
	backwards    bool
	limit        int // rows of a page; 0: as many as a megabyte holds
}

// query reads rows in the order of their keys, strongly consistent, page by
// page, as long as each says that it wants more. Rows that are over are left
// out.
func (s *Store) query(ctx context.Context, q query, each func(item) (more bool, err error)) error {
	in := &dynamodb.QueryInput{
		TableName: aws.String(s.table), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!q.backwards),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": text(q.part), ":s": text(q.prefix)},
	}
	if q.prefix == "" {
		in.KeyConditionExpression = aws.String("pk = :p")
		delete(in.ExpressionAttributeValues, ":s")
	}
	if q.limit > 0 {
		in.Limit = aws.Int32(int32(q.limit))
	}
	for {
		var out *dynamodb.QueryOutput
		err := s.call(ctx, func(ctx context.Context) (err error) {
			out, err = s.api.Query(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		for _, all := range out.Items {
			it, err := itemFrom(all)
			if err != nil {
				return err
			}
			if it.over(s.now()) {
				continue
			}
			if more, err := each(it); err != nil || !more {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}
