module kaldra.invalid/buildx

go 1.25.0

require github.com/docker/buildx v0.29.1
