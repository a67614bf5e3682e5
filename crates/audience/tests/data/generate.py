#!/usr/bin/env python3
"""Writes the sample spreadsheets beside it. The same bytes each time; every address is in a reserved domain.

    python3 generate.py
"""
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
LIST = "email,first_name,note\nzoe@x.test,Zoë,café\nann@x.test,Ann,\"a, b\"\n"


def write(name, octets):
    (HERE / name).write_bytes(octets)


def text_files():
    write("utf8.csv", LIST.encode())
    write("utf8-bom.csv", b"\xef\xbb\xbf" + LIST.encode())
    write("utf16le.csv", LIST.encode("utf-16-le"))
    write("utf16le-bom.csv", b"\xff\xfe" + LIST.encode("utf-16-le"))
    write("utf16be.csv", LIST.encode("utf-16-be"))
    write("utf16be-bom.csv", b"\xfe\xff" + LIST.encode("utf-16-be"))
    write("windows1252.csv", LIST.encode("cp1252"))
    write("windows1250.csv", "email,name\na@x.test,Wałęsa Łódź żółć\nb@x.test,Święta Gęś ćma\n".encode("cp1250"))
    write("not-utf8-after-bom.csv", b"\xef\xbb\xbfemail,name\na@x.test,Ann\nb@x.test,Zo\xeb\n")
    write("utf16-cut.csv", b"\xff\xfe" + LIST.encode("utf-16-le")[:-1])
    for name, d in [("semicolon", ";"), ("tab", "\t"), ("pipe", "|"), ("caret", "^"), ("colon", ":"), ("tilde", "~")]:
        write(f"{name}.csv", f"email{d}first_name{d}note\nann@x.test{d}Ann{d}one, two\nbob@x.test{d}Bob{d}\n".encode())
    write("sep-line.csv", b"sep=;\r\nemail;name\r\nann@x.test;Smith, Ann\r\n")
    write("cr.csv", b"email,name\rann@x.test,Ann\r\rbob@x.test,Bob\r")
    write("crlf-no-end.csv", b"email,name\r\nann@x.test,Ann\r\nbob@x.test,Bob")
    write("quoted.csv", b'email,address\nann@x.test,"1 High Street\nLeeds, ""LS1"""\nbob@x.test,"2 Low Road"\n')
    write("stray-quote.csv", b'email,name\nann@x.test,"Ann" Smith\nbob@x.test,Bob\n')
    write("swallowed.csv", b'email,name\nann@x.test,"Ann\nbob@x.test,Bob\ncid@x.test,Cid"\ndee@x.test,Dee\n')
    write("unclosed-quote.csv", b'email,name\nann@x.test,"Ann\nbob@x.test,Bob\n')
    write("ragged.csv", b"email,name,note\nann@x.test\nbob@x.test,Bob,b,extra\ncid@x.test,Cid,c,\n,,\ndee@x.test,Dee\n")
    write("same-field.csv", b"email,First name,first_name\nann@x.test,Ann,Ann\n")
    write("empty-heading.csv", b"email,,note,\nann@x.test,Ann,n,last\n")
    write("no-headings.csv", b"ann@x.test,Ann\nbob@x.test,Bob\n")
    write("no-rows.csv", b"email,name\n\n")
    write("empty.csv", b"")
    write("blank.csv", b"\n\n , \n")
    write("no-email.csv", b"name,town\nAnn,Leeds\n")
    write("two-emails.csv", b"email,mail\na@x.test,b@x.test\n")
    write("by-content.csv", b"who,reach them at\nAnn,ann@x.test\nBob,bob@x.test\nCid,none\n")
    write("heading-against-content.csv", b"mail,contact\nyes,ann@x.test\nno,bob@x.test\n")
    write("officer.csv", b"Victim e-mail,Officer\nann@x.test,cop@police.example\nbob@x.test,cop@police.example\n")
    write("addresses.csv", (
        "email,name\n\u00a0ann@x.test \u00a0,Ann\n,Bob\nnone,Cid\n\"d@x.test; e@x.test\",Dee\nFay <f@x.test>,Fay\n"
        "mailto:g@x.test,Gus\nh@bücher.example,Hal\nzoë@x.test,Zoë\n\"j@x.test\nk@x.test\",Jo\nl@x.test/m@x.test,Lo\n"
    ).encode())
    write("duplicates.csv", b"email,name\nann@x.test,Ann\nbob@x.test,Bob\nANN@x.test, Ann\nbob@x.test,Bobby\nbob@x.test,Bob\ncid@x.test,Cid\nbob@x.test,Rob\n")
    write("controls.csv", "email,name\na@x.test,A\0nn\nb@x.test,B\u202eob\nc@x.test,C\u0085\nd@x.test,D\ufffd\ne@x.test,\"E\n\tve\"\n".encode())
    write("channel.csv", (
        "email,Safe to e-mail,Safe to e-mail until,Language\na@x.test,Yes,2012-12-31,Welsh\nb@x.test,yes,2011-12-31,cy\n"
        "c@x.test,No,,en_GB\nd@x.test,,,Klingon\ne@x.test,ie,,pl\nf@x.test,2012-02-01,,\n").encode())
    write("title-row.csv", b"\n\nemail,name\n\nann@x.test,Ann\n\nbad,Bob\n")
    write("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    write("page.pdf", b"%PDF-1.7\n")


TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STYLES = f"""<styleSheet {MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="dd\\/mm\\/yyyy"/>
<numFmt numFmtId="165" formatCode="[h]:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="22"/></cellXfs></styleSheet>"""


def zipped(name, parts):
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as z:
        for part, text in parts.items():
            info = zipfile.ZipInfo(part, (2012, 1, 30, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, text)


def workbook(name, sheets, strings=None, properties=""):
    """sheets: (name, state, rows as XML)"""
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships><Relationship Id="r" Type="{DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
    }
    listed = rels = ""
    for n, (sheet, state, rows) in enumerate(sheets, 1):
        listed += f'<sheet name="{sheet}" sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        rels += f'<Relationship Id="rId{n}" Type="{DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        parts[f"xl/worksheets/sheet{n}.xml"] = f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"
    rels += f'<Relationship Id="st" Type="{DOC}/styles" Target="styles.xml"/>'
    if strings is not None:
        rels += f'<Relationship Id="ss" Type="{DOC}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        parts["xl/sharedStrings.xml"] = f"<sst {MAIN}>{strings}</sst>"
    parts["xl/workbook.xml"] = f'<workbook {MAIN} xmlns:r="{DOC}">{properties}<sheets>{listed}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = f"<Relationships>{rels}</Relationships>"
    zipped(name, parts)


def inline(reference, text):
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def row(number, *cells, attributes=""):
    return f'<row r="{number}"{attributes}>{"".join(cells)}</row>'


def workbooks():
    head = row(1, inline("A1", "email"), inline("B1", "name"))
    ann = row(2, inline("A2", "ann@x.test"), inline("B2", "Ann &amp; Co"))
    workbook("inline.xlsx", [("People", "visible", head + ann)])
    shared = "".join(f"<si><t>{t}</t></si>" for t in ["email", "name", "ann@x.test"])
    shared += "<si><r><rPr/><t>An</t></r><r><t xml:space=\"preserve\">n </t></r><rPh sb=\"0\" eb=\"1\"><t>hidden</t></rPh></si><si/><si><t>a_x000D_b_x005F_x0041_</t></si>"
    s = lambda ref, n: f'<c r="{ref}" t="s"><v>{n}</v></c>'
    workbook("shared.xlsx", [("People", "visible", row(1, s("A1", 0), s("B1", 1), inline("C1", "note")) + row(2, s("A2", 2), s("B2", 3), s("C2", 4)) + row(3, inline("A3", "b@x.test"), s("C3", 5)))], shared)
    values = [
        ("date", '<c r="B2" s="1"><v>40854</v></c>'), ("own date", '<c r="C2" s="2"><v>40854</v></c>'),
        ("hours", '<c r="D2" s="3"><v>1.5</v></c>'), ("time", '<c r="E2" s="4"><v>40854.395833333336</v></c>'),
        ("integer", '<c r="F2"><v>7.0</v></c>'), ("fraction", '<c r="G2"><v>0.10000000000000001</v></c>'),
        ("huge", '<c r="H2"><v>1E+20</v></c>'), ("true", '<c r="I2" t="b"><v>1</v></c>'),
        ("zeros", inline("J2", "00712")), ("formula", '<c r="K2" t="str"><f>A2&amp;"!"</f><v>x!</v></c>'),
        ("number formula", '<c r="L2"><f>1+1</f><v>2</v></c>'), ("iso", '<c r="M2" t="d"><v>2011-11-07T00:00:00</v></c>'),
        ("empty formula", '<c r="N2" t="str"><f>""</f><v></v></c>'),
    ]
    letters = "BCDEFGHIJKLMN"
    heads = row(1, inline("A1", "email"), *[inline(f"{l}1", h) for l, (h, _) in zip(letters, values)])
    errors = row(3, inline("A3", "b@x.test"), '<c r="B3" t="e"><v>#N/A</v></c>')
    formula = row(4, inline("A4", "c@x.test"), '<c r="B4"><f>NOW()</f></c>')
    wide = row(5, inline("A5", "d@x.test"), inline("Z5", "slipped"))
    workbook("values.xlsx", [("People", "visible", heads + row(2, inline("A2", "ann@x.test"), *[v for _, v in values]) + errors + formula + wide)])
    workbook("date-1904.xlsx", [("People", "visible", heads + row(2, inline("A2", "ann@x.test"), '<c r="B2" s="1"><v>39392</v></c>'))], properties='<workbookPr date1904="1"/>')
    hidden = row(3, inline("A3", "bob@x.test"), inline("B3", "Bob"), attributes=' hidden="1"')
    gap = row(9, inline("A9", "bad"), inline("B9", "Cid"))
    workbook("hidden-rows.xlsx", [("People", "visible", head + ann + hidden + gap)])
    workbook("sheets.xlsx", [("Old", "hidden", head + ann), ("Blank", "visible", row(1, '<c r="A1" s="1"/>')), ("People", "visible", head + ann), ("More", "visible", head), ("Secret", "veryHidden", head)])
    workbook("all-hidden.xlsx", [("Old", "hidden", head + ann)])
    bare = "<row><c t=\"inlineStr\"><is><t>email</t></is></c></row><row><c t=\"inlineStr\"><is><t>ann@x.test</t></is></c></row>"
    workbook("no-references.xlsx", [("People", "visible", bare)])
    workbook("rows-go-back.xlsx", [("People", "visible", head + ann + ann)])
    workbook("bad-string.xlsx", [("People", "visible", head + row(2, s("A2", 99)))], shared)
    zipped("text.docx", {"[Content_Types].xml": TYPES, "word/document.xml": "<w/>"})
    zipped("table.ods", {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<o/>"})
    zipped("list.numbers", {"Index/Document.iwa": ""})
    zipped("archive.zip", {"a.txt": "a"})


text_files()
workbooks()
