module kaldra.invalid/kube-router

go 1.25.11

require github.com/cloudnativelabs/kube-router/v2 v2.1.0
