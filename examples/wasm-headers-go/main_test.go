package main

import (
	"slices"
	"testing"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

func TestTagsTheRequest(t *testing.T) {
	fake := &sallyport.Fake{RequestHeader: []sallyport.Field{
		{Name: "Authorization", Value: "Bearer acme.secret"},
		{Name: "User-Agent", Value: "curl/8"},
		{Name: "X-Debug", Value: "1"},
	}}
	if v := headers(fake.Exchange()); v != sallyport.Continue {
		t.Fatalf("headers() = %v, want continue", v)
	}
	want := []sallyport.Field{
		{Name: "Authorization", Value: "Bearer acme.secret"},
		{Name: "User-Agent", Value: "curl/8"},
		{Name: "X-Tenant", Value: "acme"},
		{Name: "X-Agent", Value: "curl/8"},
	}
	if !slices.Equal(fake.RequestHeader, want) {
		t.Errorf("request header = %v, want %v", fake.RequestHeader, want)
	}
}

func TestAnswersWithoutAuthorization(t *testing.T) {
	var fake sallyport.Fake
	if v := headers(fake.Exchange()); v != sallyport.Respond || fake.Status != 401 {
		t.Errorf("headers() = %v with status %d, want respond with 401", v, fake.Status)
	}
}
