GET /static/justfit.js
Host: 127.0.0.1:8000
Sec-Fetch-Site: same-origin

