"""Feeds and pages written by us in exactly the form that the web has them."""

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>The Daily Lift</title><link>https://lift.example/</link><language>en-gb</language>
<item><title>Lift &amp; robot share a floor</title><link>https://lift.example/2024/robot?utm_source=rss</link>
<guid isPermaLink="false">lift-2</guid><pubDate>Fri, 17 May 2024 23:30:00 -0500</pubDate>
<dc:creator>Ada Upwell</dc:creator><category>lifts</category><category>robots</category>
<description>&lt;p&gt;A robot &lt;b&gt;rode&lt;/b&gt; along.&lt;/p&gt;</description>
<content:encoded><![CDATA[<h2>The ride</h2><p>A robot rode along.</p><ul><li>up</li><li>down</li></ul>
<script>alert(1)</script>]]></content:encoded></item>
<item><title>Bulletin</title><guid isPermaLink="false">bulletin 7</guid><description>No page yet.</description></item>
<item><title>The robot again</title><link>http://www.lift.example/2024/robot</link><description>Twice.</description></item>
<item><description>Nothing to hold on to</description></item>
<item><title>A bad link</title><link>javascript:alert(1)</link><guid isPermaLink="false">bad</guid></item>
</channel></rss>
"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Aufzüge</title><id>urn:uuid:1</id>
<link href="https://aufzug.example/"/><updated>2024-06-01T00:00:00Z</updated>
<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/"/>
<entry><title type="html">Türen &amp;amp; Tore</title><id>tag:aufzug.example,2024:1</id>
<link rel="alternate" href="/2024/tueren"/><published>2024-06-01T08:00:00+02:00</published>
<updated>2024-06-02T08:00:00Z</updated><author><name>Bo Down</name></author><author><name>Cy Side</name></author>
<summary>Die Türen blieben zu.</summary></entry>
<entry><title>Ohne Seite</title><id>tag:aufzug.example,2024:2</id><updated>2024-06-03T08:00:00Z</updated>
<content type="text">Nur Text.</content></entry>
</feed>
"""

PAGE = """<!doctype html><html lang="en-GB"><head><title>Lift greets the wrong floor – The Daily Lift</title>
<meta name="description" content="A lift said hello to nobody, and kept the doors open for it all morning.">
<link rel="canonical" href="/2024/lift"><meta property="og:site_name" content="The Daily Lift">
<meta property="og:title" content="Lift greets the wrong floor">
<meta property="article:published_time" content="2024-05-17T09:00:00+01:00">
<link rel="alternate" type="application/rss+xml" href="/feed.xml">
<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [{"@type": "NewsArticle",
"author": [{"@type": "Person", "name": "Ada Upwell"}, {"@type": "Person", "name": "Bo Down"}]}]}</script>
</head><body><nav><a href="/">Home</a> <a href="/about">About</a></nav>
<article><h1>Lift greets the wrong floor</h1><p class="byline">By Ada Upwell</p>
<p>A lift in an office block spent a morning greeting people on floors where nobody stood, its maker said.</p>
<h2>What went wrong</h2><p>The model had been trained on mornings alone, and took cleaning robots for visitors.</p>
<p>It kept the doors open for them, and nobody else could ride until the afternoon of the same day.</p></article>
<footer>Copyright 2019 The Daily Lift. All rights reserved.</footer></body></html>
"""
