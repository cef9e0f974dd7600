module github.com/c386954a/sallyport/sdk/go

go 1.24
