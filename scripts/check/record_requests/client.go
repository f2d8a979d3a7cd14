// go run client.go URL PHOTO
package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
)

func send(url string, client string, contentType string, body *bytes.Buffer) {
	request, err := http.NewRequest("POST", url+"/v1/captions", body)
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-Client", client)
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
}

func main() {
	photo, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	send(os.Args[1], "go-body", "image/png", bytes.NewBuffer(photo))
	body := &bytes.Buffer{}
	form := multipart.NewWriter(body)
	form.WriteField("beams", "2")
	file, _ := form.CreateFormFile("image", "photo.png")
	file.Write(photo)
	form.Close()
	send(os.Args[1], "go-file", form.FormDataContentType(), body)
}
