"""The statements of an import: rows into a table of their own, compared, and stored."""

COLUMNS = (
    "line, external_id, uri, text, width, height, meta, about, gold, label, confidence, "
    "probabilities"
)
CREATE = """
CREATE TEMP TABLE incoming (
    line integer, external_id text COLLATE "C", uri text, text text, width integer, height integer,
    meta jsonb, about boolean, gold jsonb, label jsonb, confidence float8, probabilities jsonb
) ON COMMIT DROP
"""
COPY = f"COPY incoming ({COLUMNS}) FROM STDIN"
REPEATED = """
SELECT line, external_id, first FROM (
    SELECT line, external_id, min(line) OVER (PARTITION BY external_id) AS first FROM incoming
) counted WHERE line <> first ORDER BY line LIMIT :most
"""
# Of an asset that is only named, or spoken of, it matters whether a text is another; what a model
# says may be of assets of any batch.
DIFFERENT = """
SELECT i.line, i.external_id, b.name, a.batch_id <> :batch AS elsewhere
FROM incoming i
JOIN asset a ON a.project_id = :project AND a.external_id = i.external_id
JOIN batch b ON b.id = a.batch_id
WHERE (a.batch_id <> :batch AND NOT (:anywhere AND i.named))
   OR CASE WHEN i.named THEN i.text IS NOT NULL AND i.text IS DISTINCT FROM a.text
      ELSE (a.uri, a.text, a.meta) IS DISTINCT FROM (i.uri, i.text, i.meta) END
ORDER BY i.line
""".replace("i.named", "(i.about OR (i.uri IS NULL AND i.text IS NULL))")
SIZED = "SELECT EXISTS (SELECT FROM incoming WHERE width IS NOT NULL)"
OTHER_SIZE = """
SELECT i.line, i.external_id, i.width, i.height, a.width AS known_width, a.height AS known_height
FROM incoming i
JOIN asset a ON a.project_id = :project AND a.external_id = i.external_id
WHERE (i.width, i.height) IS DISTINCT FROM (a.width, a.height)
  AND i.width IS NOT NULL AND i.height IS NOT NULL AND a.width IS NOT NULL
ORDER BY i.line LIMIT :most
"""
MEASURED = """
UPDATE asset a SET width = i.width, height = i.height FROM incoming i
WHERE a.project_id = :project AND a.external_id = i.external_id
  AND a.width IS NULL AND i.width IS NOT NULL AND i.height IS NOT NULL
"""
INSERT = """
INSERT INTO asset (project_id, batch_id, external_id, uri, text, width, height, meta, created_at)
SELECT :project, :batch, external_id, uri, text, width, height, meta, :at
FROM incoming WHERE uri IS NOT NULL OR text IS NOT NULL ORDER BY line
ON CONFLICT (project_id, external_id) DO NOTHING
RETURNING id, CASE
    WHEN meta #> '{prediction,confidence}' BETWEEN '0' AND '1'
    THEN (meta #>> '{prediction,confidence}')::float8 END AS confidence
"""
GOLD = """
SELECT a.id, i.gold FROM incoming i
JOIN asset a ON a.project_id = :project AND a.external_id = i.external_id
WHERE i.gold IS NOT NULL AND a.batch_id = :batch ORDER BY i.line
"""
